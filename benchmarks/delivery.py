"""``make bench``, second part: status requests and webhooks, as ratios in one run.

``--write`` updates the table in RESULTS.rst.
"""

import sys
from functools import partial
from typing import Any, Final

from benchmarks import stage
from benchmarks.table import DATABASES, add, measure, write

LATENCY: Final = ("--latency-ms", "100")
LIMIT: Final = 50  # status requests per second
MANY: Final = 32  # connections
STILL: Final = ("--speed", "0.0001")  # no message becomes final during the run


def service(*options: str) -> Any:
    return partial(stage.sandbox, *STILL, *options)


def polling() -> None:
    """(a) and (b): responses take 100 ms."""
    slow = service(*LATENCY)
    alone = measure("loop", "sqlite", slow, count=150)
    add("Status requests one after another, by requests", per_second(alone["rate"]), 1.0)
    limited = service(*LATENCY, "--status-rate", str(LIMIT))
    bare = measure("without_database", "sqlite", slow, count=4_000, threads=MANY)
    for kind, name in DATABASES.items():
        own = measure("sync_run", kind, limited, count=1_500, threads=8, rate=LIMIT, warm_up=3)
        what = f"{name}: smsbat_sync at the limit of {LIMIT}, {own['refused']:.0f} refused"
        add(f"{what}: of the limit", per_second(own["rate"]), own["rate"] / LIMIT, "≥ 0.98")
        add(f"{name}: the same, times one after another", "", own["rate"] / alone["rate"], "≥ 5")
        free = measure("sync_run", kind, slow, count=4_000, threads=MANY, rate=10_000, warm_up=2)
        what = f"{name}: without a limit, {MANY} connections"
        add(
            f"{what}: times one after another",
            per_second(free["rate"]),
            free["rate"] / alone["rate"],
            "≥ 28",
        )
        add(f"{what}: of the same without a database", "", free["rate"] / bare["rate"], "≥ 0.95")
        cpu = free["cpu_per_1000"]
        add(
            f"{name}: CPU of 1,000 status requests, all included, times requests' alone",
            f"{cpu:.2f} s",
            cpu / alone["cpu_per_1000"],
            "≤ 2.2 s",
        )


def webhooks() -> None:
    """(c)."""
    for kind, name in DATABASES.items():
        for kept in (True, False):
            result = measure("doors", kind, None, kept=kept)
            empty = result["empty"]
            how = "" if kept else ", CONN_MAX_AGE = 0"
            for door, asked in (("inbound", "≥ 0.4"), ("status", "≥ 0.3")):
                rate = result[f"smsbat/{door}"]
                what = f"{name}: {door}/{how}, of an empty view ({empty:,.0f}/s)"
                add(what, per_second(rate), result[f"{door} of empty"], asked if kept else "")


def per_second(rate: float) -> str:
    return f"{rate:,.1f} requests/s"


def main() -> None:
    polling()
    webhooks()
    if "--write" in sys.argv:
        write("delivery")


if __name__ == "__main__":
    main()
