"""``KILLS=200 N=200000 python -m tests.scenarios.crash``: the crash test on each database."""

import os
import sys

from tests.scenarios.crash.parameters import Parameters
from tests.support import on_database

PYTEST = ("-q", "-rP", "-p", "no:cacheprovider", "tests/crash/test_crash.py")


def main(*databases: str) -> int:
    try:
        Parameters.read(os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    codes = [on_database.main(name, *PYTEST) for name in databases or on_database.URLS]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
