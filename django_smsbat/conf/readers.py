"""Readers that validate the value of one key. Errors describe the valid values in a sentence."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Any

import phonenumbers

from django_smsbat.gateway import phones
from django_smsbat.gateway.pacing import MEMORY, REDIS_SCHEMES


class Wrong(ValueError):
    """An invalid value; the message describes the valid ones."""


@dataclass(frozen=True)
class Key:
    """One key: its default, the cast of the environment's text, its reader and its meaning."""

    default: Any
    cast: Callable[[str], Any]
    read: Callable[[Any], Any]
    meaning: str


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong("must be text")
    return value.strip()


def secret(value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong("must be text")
    return value


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("must be True or False")
    return value


def number(minimum: float, maximum: float, *, whole: bool = False) -> Callable[[Any], Any]:
    kind = "a whole number" if whole else "a number"

    def read(value: Any) -> Any:
        right_type = isinstance(value, int if whole else (int, float)) and not isinstance(
            value, bool
        )
        if not right_type or not minimum <= value <= maximum:
            raise Wrong(f"must be {kind} from {minimum:,} to {maximum:,}")
        return value

    return read


def member(kind: type[StrEnum]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value not in list(kind):
            raise Wrong(f"must be one of {', '.join(kind)}")
        return kind(value)

    return read


def optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value in (None, "") else read(value)


def texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise Wrong("must be a list of texts")
    return tuple(item.strip() for item in value if item.strip())


def region(value: Any) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise Wrong("must be a country of two capital letters, such as UA")
    return str(value)


def rate_limit_storage(value: Any) -> str:
    if value != MEMORY and not str(value).startswith(REDIS_SCHEMES):
        raise Wrong('must be "memory" or the address of a Redis, such as redis://127.0.0.1:6379/0')
    return str(value)


def quiet_hours(value: Any) -> tuple[time, time]:
    try:
        start, end = value.split("-") if isinstance(value, str) else value
        hours = time.fromisoformat(start.strip()), time.fromisoformat(end.strip())
    except (ValueError, TypeError, AttributeError):
        raise Wrong('must be two times of day, such as "21:00-09:00"') from None
    if hours[0] == hours[1]:
        raise Wrong("must begin and end at different times")
    if hours[0].tzinfo or hours[1].tzinfo:
        raise Wrong("must be times of day in TIME_ZONE, without a zone of their own")
    return hours


def from_json(raw: str) -> Any:
    """Parse the environment's text as JSON, for values that a list of texts cannot express."""
    try:
        return json.loads(raw)
    except ValueError:
        raise Wrong("must be given as JSON") from None


def regions(value: Any) -> tuple[str, ...]:
    return tuple(region(one) for one in texts(value))


def prefixes(value: Any) -> tuple[str, ...]:
    values = texts(value)
    if not all(one.startswith("+") and one[1:].isdigit() for one in values):
        raise Wrong('must be a list of beginnings of phone numbers, such as ["+38067"]')
    return values


def members(kind: type[StrEnum], *of: StrEnum) -> Callable[[Any], Any]:
    """Return a reader for a list of these members; it removes duplicates and keeps the order."""
    read = member(kind)

    def read_all(value: Any) -> Any:
        names = tuple(dict.fromkeys(texts(value)))
        if not names or not set(names) <= set(of):
            raise Wrong(f"must be a list with at least one of {', '.join(of)}")
        return tuple(read(name) for name in names)

    return read_all


def phone_numbers(value: Any, region: str) -> tuple[str, ...]:
    """Read phone numbers as E.164. An error names the position of a number and never the number.

    Args:
        region: two-letter country of numbers without a country code.
    """
    numbers: list[str] = []
    for place, raw in enumerate(texts(value), 1):
        try:
            number = phones.normalise(raw, region)
        except phones.InvalidPhone as error:
            raise Wrong(f"number {place}: {error}") from None
        if number in numbers:
            raise Wrong(f"number {place} is the same as number {numbers.index(number) + 1}")
        numbers.append(number)
    return tuple(numbers)


def parameters(value: Any) -> Mapping[str, str | int]:
    right = isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(one, str | int) for name, one in value.items()
    )
    if not right:
        raise Wrong("must be a dict of texts and whole numbers")
    return dict(value)


def text_with_code(value: Any) -> str:
    template = text(value)
    if template and "{code}" not in template:
        raise Wrong("must hold {code}, where the code will stand")
    return template
