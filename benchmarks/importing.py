"""``python -m benchmarks.importing OTHER``: the import here compared with another checkout's.

Both import the same file with ``smsbat_import`` into a fresh database, in turns, each in its own
process. The program prints the ratio of each pair, the median and the peak memory.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import stage

COUNT: Final = int(os.environ.get("N", "100000"))
PAIRS: Final = int(os.environ.get("PAIRS", "5"))
_CHILD: Final = """
import io, json, resource, sys, time
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
before, worked = time.perf_counter(), time.process_time()
call_command("smsbat_import", sys.argv[1], "--list", "All", stdout=io.StringIO())
seconds, cpu = time.perf_counter() - before, time.process_time() - worked
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
from django_smsbat.models import Recipient
count = Recipient.objects.count()
print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "count": count}))
"""


def write_rows(path: Path, count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["phone", "name", "city", "visits"])
        chosen = stage.numbers(count)
        rows.writerows(
            [f"067{next(chosen):07}", f"Ім'я {n}", stage.CITIES[n % 5], n] for n in range(count)
        )


def run(checkout: Path, kind: str, path: Path) -> dict[str, float]:
    with stage.database(kind) as url:
        environment = {
            **os.environ,
            "PYTHONPATH": str(checkout),
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "example_project.settings",
        }
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(path)],
            capture_output=True,
            text=True,
            cwd=checkout,
            env=environment,
            check=False,
        )
    if done.returncode:
        sys.exit(done.stderr[-2_000:])
    result: dict[str, float] = json.loads(done.stdout)
    return result


def compare(other: Path, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write_rows(path, COUNT)
        pairs = [(run(stage.ROOT, kind, path), run(other, kind, path)) for _ in range(PAIRS)]
    for name, what in (("seconds", "wall clock"), ("cpu", "processor")):
        ratios = sorted(ours[name] / theirs[name] for ours, theirs in pairs)
        here = median(ours[name] for ours, _ in pairs)
        print(
            f"{kind}, {COUNT:,} rows, {what}: {here:.2f} s here, times the other "
            f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )
    peaks = [max(run["peak"] for run in side) / 1_024 for side in zip(*pairs, strict=True)]
    print(f"{kind}: {peaks[0]:.0f} MB at the peak here, {peaks[1]:.0f} MB in the other")


if __name__ == "__main__":
    for database in sys.argv[2:] or ["sqlite", "postgres"]:
        compare(Path(sys.argv[1]).resolve(), database)
