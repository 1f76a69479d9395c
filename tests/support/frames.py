"""Injects exceptions into every function of the package, and inspects the traceback frames."""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any

import django_smsbat
from django_smsbat.gateway import private_frames

PACKAGE = str(Path(django_smsbat.__file__).parent)
LEFT_OUT = (private_frames.__file__, *(f"{PACKAGE}/{room}/" for room in ("conf", "sandbox")))
GENERATED = "<string>"  # the constructors of dataclasses


class Unexpected(Exception):
    """An exception that no code expects."""


def is_ours(code: CodeType) -> bool:
    return code.co_filename.startswith(PACKAGE) and not code.co_filename.startswith(LEFT_OUT)


@contextmanager
def traced(on_call: Callable[[FrameType], object]) -> Iterator[None]:
    """Call `on_call` for each call of a package function in this thread."""

    def trace(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and is_ours(frame.f_code):
            on_call(frame)

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def functions_called(run: Callable[[], object]) -> list[CodeType]:
    """Return the package functions that `run` calls, each once, in call order."""
    found: dict[CodeType, None] = {}
    with traced(lambda frame: found.setdefault(frame.f_code)):
        run()
    return list(found)


def failing_at(code: CodeType, run: Callable[[], object]) -> BaseException | None:
    """Return the exception that leaves `run` if the first call of that function raises, or None."""
    raised = False

    def fail(frame: FrameType) -> None:
        nonlocal raised
        if frame.f_code is code and not raised:
            raised = True
            raise Unexpected

    try:
        with traced(fail):
            run()
    except BaseException as error:
        return error
    return None


def frames_of(error: BaseException) -> Iterator[FrameType]:
    """Yield the frames of the exception and of its causes and contexts."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield from _frames(one.__traceback__)
            waiting += [one.__cause__, one.__context__]


def _frames(entry: TracebackType | None) -> Iterator[FrameType]:
    while entry is not None:
        yield entry.tb_frame
        entry = entry.tb_next


def shown(value: object) -> str:
    """Format a variable as error reports do: its repr and those of its attributes."""
    attributes = getattr(value, "__dict__", {}) if not isinstance(value, type) else {}
    texts = [repr(value)]
    texts += [repr(one) for one in attributes.values()] if isinstance(attributes, dict) else []
    return " ".join(texts)


def leaks(error: BaseException, secrets: Collection[str]) -> list[str]:
    """Return the variables of the package's frames that contain a secret."""
    found = []
    for frame in frames_of(error):
        if not frame.f_code.co_filename.startswith((PACKAGE, GENERATED)):
            continue
        for name, value in frame.f_locals.items():
            text = shown(value)
            found += [f"{frame.f_code.co_qualname}: {name}" for secret in secrets if secret in text]
    return found
