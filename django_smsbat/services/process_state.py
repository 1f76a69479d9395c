"""State of one process: locks, connections, threads. A forked child gets its own.

A fork copies memory, but neither threads nor the peer's state of a socket. A lock acquired by
another thread of the parent would never be released in the child, and a shared connection would
give one process the answer to another's request. So no object in a `ProcessState` survives a fork.
"""

import os
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

_State = TypeVar("_State")


class ProcessState(Generic[_State]):
    """Stores one object per process.

    The child does not close the old object, because the parent still uses its connections.

    Args:
        make: returns a new object; called at once and again in each forked child. It must not
            block or raise.
    """

    _all: ClassVar[list["ProcessState[Any]"]] = []

    def __init__(self, make: Callable[[], _State]) -> None:
        self._make = make
        self.recreate()
        self._all.append(self)

    def recreate(self) -> None:
        """Replace the object with a new one."""
        self.current: _State = self._make()

    @classmethod
    def recreate_all(cls) -> None:
        """Replace all objects of the process with new ones."""
        for state in cls._all:
            state.recreate()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=ProcessState.recreate_all)
