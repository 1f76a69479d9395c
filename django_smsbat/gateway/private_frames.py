"""Clear the variables of this package's frames from the exceptions that it raises.

Django's debug page, its error e-mails and services such as Sentry show the variables of every frame
of a traceback: phones, texts and codes. The lines of the traceback remain, the variables are
removed. The caller's own frames are not changed.
"""

import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def private_frames(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorate an entry point: exceptions that it raises show none of its variables.

    Variables of the libraries below are cleared too: the frames of a database driver contain the
    parameters of statements, and those of an HTTP client the body of the request.
    """

    @wraps(function)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        handled_before = sys.exception()
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs  # this frame is part of the traceback
            _clear(error, handled_before)
            raise

    return guarded


def private_coroutine(function: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
    """Like `private_frames`, for a coroutine function: its thread's frames have its arguments."""

    @wraps(function)
    async def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        handled_before = sys.exception()
        try:
            return await function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            _clear(error, handled_before)
            raise

    return guarded


def private_view(view: Callable[_P, Any]) -> Callable[_P, Any]:
    """Like `private_frames`, for a view and for a response that is rendered later."""
    guarded = private_frames(view)

    @wraps(view)
    def shown(*args: _P.args, **kwargs: _P.kwargs) -> Any:
        try:
            response = guarded(*args, **kwargs)
        finally:
            del args, kwargs  # this frame is part of the traceback, too
        if hasattr(response, "render"):
            response.render = private_frames(response.render)
        return response

    return shown


def _clear(error: BaseException, before: BaseException | None) -> None:
    """Clear the frames of an exception and of its causes, but not of `before` and its causes."""
    seen: set[int] = {id(before)}
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        for traceback in _entries(current.__traceback__):
            try:
                traceback.tb_frame.clear()
            except RuntimeError:  # still running: a frame of this module or of the caller
                continue
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
