"""SMS and flash calls: the channels of the telephone network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import rules
from django_smsbat.gateway.messages.base import Message, MessageWithFallback, from_wire, to_wire

_FLASH_CALL: Final = {"caller_id": "callerId"}


@dataclass(frozen=True, kw_only=True, repr=False)
class Sms(Message):
    """A text message."""

    type = MessageType.SMS

    text: str

    def check(self) -> None:
        rules.check_text("text", self.text, self.facts().text_max)


@dataclass(frozen=True, kw_only=True, repr=False)
class FlashCall(MessageWithFallback):
    """A missed call; the calling number contains the code.

    Args:
        caller_id: the calling number, international. SMSBAT refuses a call without it.
    """

    type = MessageType.FLASH_CALL

    caller_id: str = ""

    def check(self) -> None:
        rules.check_text("caller_id", self.caller_id, None)
        object.__setattr__(self, "caller_id", rules.check_phone("caller_id", self.caller_id))

    def data(self) -> dict[str, Any]:
        return to_wire(self, _FLASH_CALL)

    @classmethod
    def fields_from_data(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        given = from_wire("message_data", data, _FLASH_CALL)
        return {name: value for name, value in given.items() if value is not None}
