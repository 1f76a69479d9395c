"""The HTTP exchanges of a probe, recorded unchanged and parsed as JSON if possible."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django_smsbat.gateway.answers import parse_json
from django_smsbat.gateway.exchange import Exchange


@dataclass(frozen=True)
class Answer:
    """An exchange with its parsed body."""

    exchange: Exchange

    @property
    def status(self) -> int | None:
        return self.exchange.status

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @cached_property
    def json(self) -> Any:
        """The body as JSON with exact numbers, None if it is not JSON."""
        try:
            return parse_json(self.exchange.body)
        except ValueError:
            return None

    @property
    def object(self) -> dict[str, Any]:
        """The body if it is a JSON object, else an empty object."""
        return self.json if isinstance(self.json, dict) else {}


@dataclass
class Recorder:
    """Records all exchanges in the order of their answers."""

    answers: list[Answer] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        self.answers.append(Answer(exchange))

    def since(self, start: int) -> list[Answer]:
        """Return the answers after the first `start`."""
        return self.answers[start:]

    def __len__(self) -> int:
        return len(self.answers)


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every key of a JSON value with its path. The items of a list have the name ``[]``."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name), inner
            yield from walk(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, (*path, "[]"))
