"""An exception at any function shows no phone, text or code in the frames of the package."""

import asyncio
import os

import pytest
from django.db import DatabaseError, connection

from django_smsbat import send, verification
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.messages import InvalidMessage, Sms
from django_smsbat.services.verification import starting
from tests.settings import SECRET
from tests.support.entry_points import CODE, NAMES, PHONE, TEXT
from tests.support.frames import failing_at, frames_of, functions_called, leaks

pytestmark = pytest.mark.django_db
SECRETS = (PHONE, PHONE[1:], "67 456 12 37", "0674561237", TEXT, CODE, SECRET)


def spread(items, most):
    """Return at most that many of the items, evenly spread."""
    step = max(1, -(-len(items) // most))
    return [*items[::step], *items[-1:]]


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize("name", NAMES)
def test_an_exception_at_any_function_shows_nothing(entry_points, name):
    """Some of the functions of each entry point; all of them, in minutes, with ``FUNCTIONS``."""
    prepare = getattr(entry_points, name)
    found, failed = {}, 0
    for code in spread(functions_called(prepare()), int(os.environ.get("FUNCTIONS", "6"))):
        error = failing_at(code, prepare())
        if error is not None:
            failed += 1
            found[code.co_qualname] = leaks(error, SECRETS)
    assert failed
    assert {at: shown for at, shown in found.items() if shown} == {}


REFUSED = {
    "message": lambda: Sms(to=f"{PHONE} x", text=TEXT),
    "another message": lambda: Sms(to=PHONE, text=TEXT, sender="a sender that is far too long"),
    "code": lambda: starting.start(PHONE, "pigeon"),
    "account": lambda: send(Sms(to=PHONE, text=TEXT), account="nowhere"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_shows_nothing_either(name):
    with pytest.raises(InvalidMessage) as error:
        REFUSED[name]()
    assert leaks(error.value, SECRETS) == []


def test_the_database_driver_shows_no_parameters(sandbox):
    """Frames of libraries below ours are cleared, too."""

    def fail(execute, sql, params, many, context):
        raise DatabaseError("away")

    message = Sms(to=PHONE, text=TEXT)
    with connection.execute_wrapper(fail), pytest.raises(DatabaseError) as error:
        send(message)
    below = list(frames_of(error.value))[2:]
    assert any("django/db/" in frame.f_code.co_filename for frame in below)
    assert [frame for frame in below if PHONE in repr(frame.f_locals)] == []


def test_the_lines_of_a_traceback_stay(sandbox, monkeypatch):
    def fail(*_args):
        raise RuntimeError

    monkeypatch.setattr("django_smsbat.services.sending.single._row", fail)
    with pytest.raises(RuntimeError) as error:
        send(Sms(to=PHONE, text=TEXT))
    names = [frame.f_code.co_name for frame in frames_of(error.value)]
    assert names[-2:] == ["send", "fail"]


def test_frames_of_what_the_caller_handles_already_keep_their_variables():
    def of_the_project():
        phone_of_the_project = PHONE
        raise ValueError(len(phone_of_the_project))

    @private_frames
    def ours():
        raise RuntimeError

    with pytest.raises(RuntimeError) as error:
        try:
            of_the_project()
        except ValueError:
            ours()
    [frame] = [one for one in frames_of(error.value) if one.f_code.co_name == "of_the_project"]
    assert frame.f_locals["phone_of_the_project"] == PHONE


@pytest.mark.django_db(transaction=True)
def test_what_carries_a_call_to_another_thread_shows_nothing(monkeypatch):
    def fail(*_args):
        raise RuntimeError

    monkeypatch.setattr("django_smsbat.services.verification.starting._channel", fail)
    with pytest.raises(RuntimeError) as error:
        asyncio.run(verification.astart(PHONE, "sms"))
    ours = [
        one
        for one in frames_of(error.value)
        if "asgiref" in one.f_code.co_filename or "django_smsbat" in one.f_code.co_filename
    ]
    assert ours
    assert [one for one in ours if PHONE in repr(one.f_locals)] == []
