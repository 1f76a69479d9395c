"""Crash test parameters that would prove nothing are refused."""

import pytest

from tests.scenarios.crash import __main__ as command
from tests.scenarios.crash.parameters import Parameters


@pytest.mark.parametrize(
    ("kills", "messages"), [("1", "1000"), ("20", "20000"), ("200", "200000"), ("3", "90000")]
)
def test_enough_messages_for_all_kills_are_accepted(kills, messages):
    assert Parameters.read({"KILLS": kills, "N": messages}) == Parameters(int(kills), int(messages))


def test_without_an_environment_the_defaults_fit():
    assert Parameters.read({}) == Parameters(20, 20_000)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"KILLS": "200", "N": "20000"}, "give N=200000 or more, or KILLS=20 or fewer"),
        ({"KILLS": "21"}, "N=20000 is too small for KILLS=21"),
        ({"N": "999", "KILLS": "1"}, "give N=1000 or more."),
        ({"KILLS": "0"}, "KILLS=0 is not valid: give a whole number above 0"),
        ({"KILLS": "many"}, "KILLS=many is not valid"),
        ({"N": "-5"}, "N=-5 is not valid"),
        ({"N": ""}, "N= is not valid"),
        ({"N": "1e6"}, "N=1e6 is not valid"),
    ],
)
def test_others_are_refused_with_the_fix(environment, sentence):
    with pytest.raises(ValueError, match=sentence):
        Parameters.read(environment)


def test_the_command_refuses_them_before_it_starts_anything(monkeypatch, capsys):
    monkeypatch.setenv("KILLS", "200")
    monkeypatch.setenv("N", "5000")
    assert command.main() == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("N=5000 is too small for KILLS=200")
    assert err.count("\n") == 1
