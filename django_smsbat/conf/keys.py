"""All keys of the `SMSBAT` setting. A test compares the README's list with this table."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from django_smsbat.conf import accounts
from django_smsbat.conf.opt_out_keywords import OPT_OUT_KEYWORDS
from django_smsbat.conf.readers import (
    Key,
    Wrong,
    flag,
    from_json,
    member,
    members,
    number,
    optional,
    parameters,
    phone_numbers,
    prefixes,
    quiet_hours,
    rate_limit_storage,
    region,
    regions,
    secret,
    text,
    text_with_code,
    texts,
)
from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.auth import AuthMethod
from django_smsbat.gateway.dialects import Dialect
from django_smsbat.gateway.message_types import BATCH_MAX, MessageType
from django_smsbat.gateway.number_types import NumberType
from django_smsbat.gateway.pacing import MEMORY


class Runner(StrEnum):
    """The way in which queued work reaches a worker."""

    INLINE = "inline"
    THREAD = "thread"
    CELERY = "celery"
    NONE = "none"


# The message types that can carry a code.
VERIFY_CHANNELS: Final = (MessageType.VIBER_OTP, MessageType.SMS, MessageType.FLASH_CALL)

_AUDIENCE: Final = optional(number(0, 1_000_000_000, whole=True))
_COUNT: Final = number(1, 1_000_000_000, whole=True)


def _template(value: Any) -> str:
    if otp_templates.find(str(value)) is None:
        slugs = ", ".join(one.slug for one in otp_templates.TEMPLATES)
        raise Wrong(f"must be one of {slugs}")
    return str(value)


# The keys that an account may set.
OF_AN_ACCOUNT: Final[dict[str, Key]] = {
    "BASE_URL": Key("", str, text, "address of your region's API, given by your account manager"),
    "API_KEY": Key("", str, secret, "key of your account"),
    "LOGIN": Key("", str, text, "login, where you have a password instead of a key"),
    "PASSWORD": Key("", str, secret, "password to that login"),
    "AUTH": Key(
        None,
        str,
        optional(member(AuthMethod)),
        "`header` (key), `basic_key` or `basic` (login and password); by what is given",
    ),
    "SENDER": Key("", str, text, "alpha name used where a message names none"),
    "DIALECT": Key(
        "messagelist", str, member(Dialect), "field names on the wire: `messagelist` or `overview`"
    ),
    "SEND_RATE": Key(100, float, number(0.01, 10_000), "requests a second that send"),
    "STATUS_RATE": Key(50, float, number(0.01, 10_000), "requests a second that ask for a status"),
    "WEBHOOK_SECRETS": Key((), list, texts, "secrets that SMSBAT's callbacks may come with"),
}


def _accounts(value: Any) -> Mapping[str, Mapping[str, Any]]:
    return accounts.read(value, OF_AN_ACCOUNT)


KEYS: Final[dict[str, Key]] = {
    **OF_AN_ACCOUNT,
    "ACCOUNTS": Key({}, from_json, _accounts, "further accounts, by name"),
    "TIMEOUT": Key(30, float, number(0.1, 600), "seconds, for connecting and for each wait"),
    "LEASE": Key(300, float, number(1, 86_400), "seconds that a worker may hold a batch"),
    "BATCH_SIZE": Key(1_000, int, number(1, BATCH_MAX, whole=True), "messages in one request"),
    "CONCURRENCY": Key(
        8, int, number(1, 64, whole=True), "requests of a process under way at once"
    ),
    "RUNNER": Key(
        "thread",
        str,
        member(Runner),
        "who sends what was launched: `thread` (of the process), `inline` (the caller), "
        "`celery` or `none` (smsbat_send alone)",
    ),
    "WEBHOOK_SECRET_IN_PATH": Key(False, bool, flag, "whether a secret may stand in the URL"),
    "DEFAULT_REGION": Key("UA", str, region, "country of phone numbers written without one"),
    "QUIET_HOURS": Key(
        None, str, optional(quiet_hours), "when nothing promotional is sent, such as `21:00-09:00`"
    ),
    "RATE_LIMIT_STORAGE": Key(
        MEMORY,
        str,
        rate_limit_storage,
        "where rates are counted: `memory`, or `redis://host:6379/0` for all workers together",
    ),
    "RESEND_UNCONFIRMED": Key(
        False, bool, flag, "whether twice is better than never: unconfirmed ones are sent again"
    ),
    "OPT_OUT_KEYWORDS": Key(
        tuple(OPT_OUT_KEYWORDS),
        list,
        texts,
        "keywords that opt people out when a message begins with them; your list replaces this one",
    ),
    "OPT_IN_KEYWORDS": Key(
        ("START", "UNSTOP", "SUBSCRIBE", "СТАРТ", "ПІДПИСАТИСЬ", "ПІДПИСАТИСЯ", "ПІДПИСКА"),
        list,
        texts,
        "keywords that opt people in again when they are the whole message",
    ),
    "OPT_OUT_CONFIRMATION": Key("", str, text, "what is answered to who opts out"),
    "OPT_IN_CONFIRMATION": Key("", str, text, "what is answered to who opts in again"),
    "OPT_OUT_CONFIRMATIONS_PER_HOUR": Key(
        500,
        int,
        number(0, 1_000_000_000, whole=True),
        "confirmations of opt-outs and opt-ins in an hour, for each account",
    ),
    "INBOUND_UNKNOWN_PER_HOUR": Key(
        10_000,
        int,
        _COUNT,
        "incoming messages in an hour, for each account, from phones that were not written to",
    ),
    "UNKNOWN_REPORTS_PER_HOUR": Key(
        100_000, int, _COUNT, "reports of unknown messages in an hour, for each account"
    ),
    "EMAIL_FALLBACK": Key(False, bool, flag, "whether an e-mail follows what no channel delivered"),
    "CONFIRM_ABOVE": Key(
        None, int, _AUDIENCE, "recipients above which a person types their number to send"
    ),
    "APPROVE_ABOVE": Key(
        None, int, _AUDIENCE, "recipients above which another person has to approve"
    ),
    "VERIFY_CHANNELS": Key(
        tuple(one.value for one in VERIFY_CHANNELS),
        list,
        members(MessageType, *VERIFY_CHANNELS),
        "ways by which codes may be sent, the first one offered first",
    ),
    "VERIFY_CALLER_IDS": Key(
        (),
        list,
        texts,
        "phone numbers that flash calls come from, each call from one of them by chance; a flash "
        "call needs them",
    ),
    "VERIFY_CODE_LENGTH": Key(
        6,
        int,
        number(4, 10, whole=True),
        "digits of a code; a flash call has those that its number shows",
    ),
    "VERIFY_LIFETIME": Key(300, int, number(30, 3_600, whole=True), "seconds that a code is good"),
    "VERIFY_ATTEMPTS": Key(5, int, number(1, 20, whole=True), "codes that may be tried"),
    "VERIFY_FAILURES_PER_DAY": Key(
        20,
        int,
        number(1, 1_000, whole=True),
        "wrong codes in a day for one phone from one address; three times as many from all, and a "
        "flash call counts four times",
    ),
    "VERIFY_GUARD": Key(
        "", str, text, "dotted path of a callable that may refuse to send a code, such as a CAPTCHA"
    ),
    "VERIFY_NUMBER_TYPES": Key(
        ("mobile",),
        list,
        members(NumberType, *NumberType),
        "kinds of numbers that may be verified: `mobile`, `voip`, `personal`",
    ),
    "VERIFY_COOLDOWN": Key(
        60, int, number(0, 3_600, whole=True), "seconds between two codes for one phone"
    ),
    "VERIFY_PER_PHONE": Key(5, int, _COUNT, "codes for one phone from one address in an hour"),
    "VERIFY_PER_ADDRESS": Key(20, int, _COUNT, "codes asked for from one address in an hour"),
    "VERIFY_PER_HOUR": Key(1_000, int, _COUNT, "codes for the whole site in an hour"),
    "VERIFY_COUNTRIES": Key(
        (),
        list,
        regions,
        "countries of the phones that may be verified; empty for `DEFAULT_REGION` alone",
    ),
    "VERIFY_PREFIXES": Key(
        (), list, prefixes, "beginnings of phones that may be verified; empty for all"
    ),
    "VERIFY_BREAKER_AFTER": Key(
        20,
        int,
        number(0, 1_000_000, whole=True),
        "codes of a prefix that leave before any was entered; 0 for no limit",
    ),
    "VERIFY_BREAKER_SHARE": Key(
        20, int, number(1, 100, whole=True), "percent of codes that are entered at least"
    ),
    "VERIFY_TEMPLATE": Key("basic", str, _template, "Viber's template for codes"),
    "VERIFY_TEMPLATE_PARAMS": Key({}, from_json, parameters, "what it says besides the code"),
    "VERIFY_TEXT": Key(
        "",
        str,
        text_with_code,
        "what an SMS with a code says; empty for “Your code: {code}” in the visitor's language",
    ),
    "VERIFY_ACCOUNT": Key(
        "", str, text, "account that codes are sent by; empty for the default one"
    ),
}

# Keys that depend on the value of another key: the reader and the other key.
DEPENDENT: Final[Mapping[str, tuple[Callable[[Any, Any], Any], str]]] = {
    "VERIFY_CALLER_IDS": (phone_numbers, "DEFAULT_REGION"),
}
