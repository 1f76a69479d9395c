"""The table that a benchmark prints, and its place in the docs."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import stage

Gateway = Callable[[], AbstractContextManager[str]]
DOCS: Final = stage.ROOT / "benchmarks" / "RESULTS.rst"
DATABASES: Final = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


@dataclass
class Row:
    """One line of the table. `asked` is the promised minimum or maximum ratio."""

    what: str
    value: str
    ratio: float | None = None
    asked: str = ""

    @property
    def shown(self) -> str:
        return "" if self.ratio is None else f"{self.ratio:.2f}"


ROWS: list[Row] = []


def add(what: str, value: str, ratio: float | None = None, asked: str = "") -> None:
    row = Row(what, value, ratio, asked)
    ROWS.append(row)
    print(f"{what:<66} {value:>26} {row.shown:>7}  {asked}", flush=True)


def measure(
    what: str, kind: str = "", gateway: Gateway | None = stage.gateway, **options: Any
) -> dict[str, float]:
    """Take one measurement in a fresh process, with a fresh database and service."""
    with ExitStack() as around:
        if kind:
            options["url"] = around.enter_context(stage.database(kind))
        if gateway:
            options["gateway"] = around.enter_context(gateway())
        command = [sys.executable, "-m", "benchmarks.measure", what, json.dumps(options)]
        process = subprocess.run(
            command, capture_output=True, text=True, cwd=stage.ROOT, check=False
        )
    if process.returncode:
        sys.exit(f"{what} failed:\n{process.stderr[-2_000:]}")
    result: dict[str, float] = json.loads(process.stdout)
    return result


def write(name: str, path: Path = DOCS) -> None:
    """Update the table between the markers with that name."""
    begin, end = f".. {name} measured below\n", f".. end of {name}\n"
    head, _, rest = path.read_text().partition(begin)
    _, _, tail = rest.partition(end)
    lines = ["", ".. list-table::", "   :header-rows: 1", "   :widths: 52 24 10 14", ""]
    for cells in (
        ("What", "Measured", "Ratio", "Target"),
        *((row.what, row.value, row.shown, row.asked) for row in ROWS),
    ):
        lines += [f"   {'*' if place == 0 else ' '} - {cell}" for place, cell in enumerate(cells)]
    table = "\n".join(line.rstrip() for line in lines)
    path.write_text(f"{head}{begin}{table}\n\n{end}{tail}")
