"""A child process's output is drained, whatever its size."""

import sys

import pytest

from tests.support.child_processes import Child

SIZE = 2_000_000  # far more than a pipe's capacity
CHATTY = f"""
import sys
print("ready", flush=True)
sys.stderr.write("e" * {SIZE})
sys.stdout.write("o" * {SIZE})
"""
WAITING = "import time; print('one', flush=True); time.sleep(600)"


def test_a_process_that_writes_much_ends_though_nobody_reads():
    process = Child([sys.executable, "-c", CHATTY])
    assert process.wait(30) == 0
    out, err = process.communicate()
    assert (len(out), len(err)) == (SIZE + len("ready\n"), SIZE)


def test_its_output_can_be_read_while_it_runs_and_again_after_its_end():
    process = Child([sys.executable, "-c", WAITING])
    assert process.first_line(30) == "one"
    process.kill()
    assert process.communicate() == process.communicate() == process.output() == ("one\n", "")


def test_one_that_ends_without_a_line_is_reported_with_its_error():
    process = Child([sys.executable, "-c", "import sys; sys.exit('no port')"])
    with pytest.raises(AssertionError, match="no port"):
        process.first_line(30)
