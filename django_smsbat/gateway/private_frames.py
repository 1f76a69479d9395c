"""Exceptions that leave this package carry no variables of the frames below its entry points.

Django's debug page, its error mails and services such as Sentry show the variables of every frame
of a traceback: phones, texts and codes. The lines of the traceback stay, the variables go. What
the caller's own frames hold is the caller's.
"""

import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def private_frames(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorate an entry point: an exception that leaves it shows none of its variables.

    Variables of the libraries below are cleared too: the frames of a database driver hold the
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
    """The same for a coroutine function: what carries it to another thread holds its arguments."""

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
    """The same for a view, and for a response that is rendered after the view has returned."""
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
    """Clear the frames of an exception and of those that led to it, not of what came before."""
    seen: set[int] = {id(before)}
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        for traceback in _entries(found.__traceback__):
            try:
                traceback.tb_frame.clear()
            except RuntimeError:  # still running: of this module, or of the caller's
                continue
        waiting += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
