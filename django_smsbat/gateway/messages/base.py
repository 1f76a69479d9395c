"""The base of all message classes: recipient, sender, time to live, fallback, stored form.

An existing message is valid: the constructors validate their arguments.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Final, Self

from phonenumbers import PhoneNumber

from django_smsbat.gateway import phones
from django_smsbat.gateway.message_types import TYPES, MessageType, TypeFacts
from django_smsbat.gateway.messages import rules
from django_smsbat.gateway.text import plain_texts, with_line_feeds


@dataclass(
    kw_only=True, repr=False, slots=True
)  # not frozen: one is created for each personal message
class Content:
    """The content of a message without its recipient: the form in which it is stored and sent.

    Messages share a content, so it must not change after construction. Line breaks are normalised
    to LF: an SMS is charged for a CR too.

    Attributes:
        message_data: the type's data besides text, in SMSBAT's format.
        ttl: time to live in seconds, None for SMSBAT's default.
        fallback_text: the SMS sent if the first channel fails, empty for none.
    """

    type: str
    sender: str = ""
    text: str = ""
    message_data: Mapping[str, Any] = field(default_factory=dict)
    ttl: int | None = None
    fallback_text: str = ""

    def __post_init__(self) -> None:
        self.text = with_line_feeds(self.text)
        self.fallback_text = with_line_feeds(self.fallback_text)
        if self.message_data:
            self.message_data = plain_texts(self.message_data)

    def __repr__(self) -> str:
        return f"Content(type={self.type!r})"


@dataclass(frozen=True, kw_only=True, repr=False)
class Message:
    """A message to one phone. Its repr shows neither the text nor the whole number.

    Raises:
        InvalidMessage: from the constructor, naming the invalid field.
    """

    type: ClassVar[MessageType]

    to: str | PhoneNumber
    sender: str = ""
    ttl: int | None = None

    def __post_init__(self) -> None:
        self._use_plain_texts()
        rules.check_texts("", self)
        object.__setattr__(self, "to", rules.check_phone("to", self.to, mobile=True))
        rules.check_sender("sender", self.sender, sms=self._goes_by_sms())
        rules.check_ttl("ttl", self.ttl, self.facts().ttl_max)
        self.check()

    def _use_plain_texts(self) -> None:
        for name, value in tuple(vars(self).items()):
            if type(value) is str and "\r" not in value:  # the common case, on a hot path
                continue
            if value and (changed := plain_texts(value)) is not value:
                object.__setattr__(self, name, changed)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(to={phones.mask(self.phone)!r})"

    @property
    def phone(self) -> str:
        """The recipient's number in E.164, whatever the type of `to`."""
        return str(self.to)

    @classmethod
    def facts(cls) -> TypeFacts:
        return TYPES[cls.type]

    def check(self) -> None:
        """Raise `InvalidMessage` for anything that this type does not allow."""

    def data(self) -> dict[str, Any]:
        """Return `messageData` in SMSBAT's format."""
        return {}

    @classmethod
    def data_of(cls, **arguments: Any) -> dict[str, Any]:
        """Return `messageData` of an unfinished draft, without validation.

        Args:
            arguments: the constructor arguments that `messageData` depends on.
        """
        draft = object.__new__(cls)
        for one in fields(cls):
            default = None if one.default is MISSING else one.default
            object.__setattr__(draft, one.name, arguments.get(one.name, default))
        return draft.data()

    @classmethod
    def fields_from_data(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return constructor arguments from `messageData` in SMSBAT's format."""
        rules.check_keys("message_data", data, ())
        return {}

    def content(self) -> Content:
        return Content(
            type=self.type.value,
            sender=self.sender,
            text=getattr(self, "text", ""),
            message_data=self.data(),
            ttl=self.ttl,
            fallback_text=getattr(self, "fallback_text", ""),
        )

    @classmethod
    def from_content(cls, content: Content, to: str) -> Self:
        """Build the message from its stored form.

        Raises:
            InvalidMessage: if the content does not fit the type.
        """
        arguments = cls.fields_from_data(content.message_data)
        arguments |= _optional_arguments(cls.facts(), content)
        return cls(to=to, sender=content.sender, ttl=content.ttl, **arguments)

    def _goes_by_sms(self) -> bool:
        return self.type is MessageType.SMS or bool(getattr(self, "fallback_text", ""))


_NO_TEXT: Final = "this type carries no free text"
_NO_FALLBACK: Final = "an SMS has no fallback"


def _optional_arguments(facts: TypeFacts, content: Content) -> dict[str, Any]:
    """Return text and fallback as constructor arguments; refuse them if the type has none."""
    rules.require(facts.has_text or not content.text, "text", _NO_TEXT)
    rules.require(facts.has_fallback or not content.fallback_text, "fallback_text", _NO_FALLBACK)
    arguments: dict[str, Any] = {"text": content.text} if facts.has_text else {}
    if facts.has_fallback:
        arguments["fallback_text"] = content.fallback_text
    return arguments


@dataclass(frozen=True, kw_only=True, repr=False)
class MessageWithFallback(Message):
    """A message with an optional SMS fallback, sent if the first channel fails."""

    fallback_text: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        rules.check_text("fallback_text", self.fallback_text, None, required=False)


def to_wire(owner: object, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the attributes that are set, under their names in SMSBAT's format."""
    values = {wire: getattr(owner, attribute) for attribute, wire in names.items()}
    return {wire: value for wire, value in values.items() if value not in ("", None)}


def from_wire(field: str, data: object, names: Mapping[str, str]) -> dict[str, Any]:
    """Reverse `to_wire`; refuse unknown names."""
    known = rules.check_keys(field, data, tuple(names.values()))
    return {attribute: known[wire] for attribute, wire in names.items() if wire in known}
