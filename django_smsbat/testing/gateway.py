"""The in-memory gateway: records sent messages, determines their fate, and reports it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

from django.test.utils import override_settings

from django_smsbat import conf
from django_smsbat.conf import DEFAULT_ACCOUNT, Account
from django_smsbat.gateway import phones
from django_smsbat.gateway.errors import ErrorKind
from django_smsbat.models import Message
from django_smsbat.sandbox import fates
from django_smsbat.sandbox.ledger import Entry, Ledger, flash_call
from django_smsbat.services import clock, heartbeats
from django_smsbat.services.accounts import clients
from django_smsbat.services.polling import poller
from django_smsbat.services.sending import worker
from django_smsbat.services.verification import checking, starting
from django_smsbat.testing import callbacks
from django_smsbat.testing.client import MemoryClient

_SENDER: Final = "Testing"
_SECRET: Final = "a-webhook-secret-of-the-test-kit"  # noqa: S105 - opens nothing but tests
_FLASH_CALL: Final = "flashcall"
_CODES: Final = re.compile(r"[0-9]{4,10}")


@dataclass(frozen=True)
class Sent:
    """One message that was passed to SMSBAT and accepted, or rejected.

    Attributes:
        to: E.164.
        type: in SMSBAT's format, such as ``sms`` or ``viber_promo``.
        data: the type's data besides text, in SMSBAT's format.
        ttl: seconds, None if not set.
        smsbat_id: the id used in reports.
        customer_message_id: this site's id of the message.
        account: the account that sent it.
    """

    to: str
    type: str
    sender: str
    text: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    ttl: int | None
    fallback_text: str = field(repr=False)
    smsbat_id: str
    customer_message_id: str
    account: str

    @classmethod
    def of(cls, entry: Entry, account: str) -> "Sent":
        message = entry.message
        data = dict(message.get("messageData") or {})
        if entry.channel == _FLASH_CALL:
            data |= flash_call(message)
        return cls(
            to=entry.phone,
            type=message["type"],
            sender=message.get("from", ""),
            text=message.get("text", ""),
            data=data,
            ttl=message.get("ttl"),
            fallback_text=(message.get("fallback") or {}).get("text", ""),
            smsbat_id=entry.message_id,
            customer_message_id=message.get("customerMessageId", ""),
            account=account,
        )

    @property
    def message(self) -> Message:
        """The message's row.

        Raises:
            Message.DoesNotExist: if it was deleted.
        """
        return Message.objects.get(pk=self.customer_message_id.partition("-")[0])

    @property
    def code(self) -> str:
        """The code to enter, from a template, a text, or the calling number."""
        source = self.data.get("templateParams", {}).get("pin") or self.data.get("pattern", "")
        codes = _CODES.findall(str(source) or self.text)
        if not codes:
            raise AssertionError("this message carries no code")
        length = conf.current().verify_code_length
        return next((code for code in codes if len(code) == length), str(codes[0]))


class FakeGateway:
    """An in-memory SMSBAT for the duration of a ``with`` block: nothing leaves the process.

    A message gets the fate set for its phone, else that of the phone's last two digits, as in the
    sandbox. The site's settings apply, except `RUNNER` (a test runs the workers), `CONCURRENCY`
    (one thread), `QUIET_HOURS` (none: a test must not depend on the hour) and `DIALECT`. If an
    account has no sender or no webhook secret, the kit provides one.

    Attributes:
        outbox: messages passed to SMSBAT, in order, without those of refused requests.
    """

    def __init__(self) -> None:
        self._ledgers: dict[str, Ledger] = {}
        self._failures: list[ErrorKind] = []
        self._fates: dict[str, fates.Fate] = {}
        self._taken: list[tuple[str, Entry]] = []
        self._seconds = 0.0
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        self._entered.enter_context(override_settings(SMSBAT=self.settings()))
        self._entered.enter_context(self.standing_in())
        return self

    @staticmethod
    def settings() -> dict[str, Any]:
        """Return the `SMSBAT` setting to use with the gateway."""
        raw = conf.dict_given()
        known = conf.current().accounts
        own: dict[str, Any] = {"RUNNER": "none", "CONCURRENCY": 1, "QUIET_HOURS": None}
        if default := known.get(DEFAULT_ACCOUNT):
            own |= _missing(default)
        named = {name: account for name, account in known.items() if name != DEFAULT_ACCOUNT}
        if named:
            accounts = raw.get("ACCOUNTS", {})
            own["ACCOUNTS"] = {
                name: {**accounts.get(name, {}), **_missing(account)}
                for name, account in named.items()
            }
        return {**raw, **own}

    @contextmanager
    def standing_in(self) -> Iterator[Self]:
        """Replace SMSBAT's client, under the current settings."""
        heartbeats.forget()
        try:
            with clients.replaced_by(self._client):
                yield self
        finally:
            clock.put_forward(timedelta())
            heartbeats.forget()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered.close()

    @property
    def outbox(self) -> list[Sent]:
        return [Sent.of(entry, account) for account, entry in self._taken]

    def sent_to(self, phone: str) -> list[Sent]:
        """Return the messages passed to SMSBAT for that phone."""
        number = _number(phone)
        return [sent for sent in self.outbox if sent.to == number]

    def proof_for(self, phone: str, *, purpose: str = "", channel: str = "sms") -> str:
        """Return a proof for a phone, as after entering the right code: for `verification.take`.

        Raises:
            NotStarted: if the site would send no code, as after many codes for the same phone.
        """
        started = starting.start(phone, channel, purpose=purpose)
        return checking.check(started.id, self.sent_to(phone)[-1].code, purpose=purpose).proof

    def decide(self, phone: str, fate: str) -> None:
        """Set the fate of messages that are sent to a phone from now on.

        Args:
            phone: international, or national of `DEFAULT_REGION`.
            fate: ``delivered``, ``read``, ``undeliverable``, ``expired``, ``rejected``, ``failed``,
                ``fallback`` (the SMS fallback is delivered) or ``processing`` (permanently).
        """
        if fate not in fates.BY_NAME:
            raise ValueError(f"{fate!r} is no fate; there are {', '.join(fates.BY_NAME)}")
        self._fates[_number(phone)] = fates.BY_NAME[fate]

    def fail_next(self, kind: str = "unreachable", times: int = 1) -> None:
        """Make the next send requests fail.

        After a request that was not accepted, workers back off for a while, as on a site: let time
        pass.

        Args:
            kind: a name of `ErrorKind`, such as ``unreachable``, ``throttled``, ``unauthorized``
                (nothing is accepted) or ``timed_out``, ``connection_lost`` (accepted, but the
                response is lost).
        """
        names = {one.name.lower(): one for one in ErrorKind}
        if kind not in names:
            raise ValueError(f"{kind!r} is no kind of error; there are {', '.join(names)}")
        self._failures += [names[kind]] * times

    def run_workers(self) -> worker.Summary:
        """Run `smsbat_send`: start due campaigns and send queued messages.

        The workers do not actually wait: time passes at once, as in `let_time_pass`.
        """
        return worker.submit_queued(clock=_PassingClock(self._pass))

    def let_time_pass(self, minutes: float = 15) -> poller.Summary:
        """Let time pass: messages reach their fate, and are polled as by `smsbat_sync`.

        Sending, workers and verification use the later time from then on: codes expire, and
        back-off periods end.
        """
        self._pass(timedelta(minutes=minutes).total_seconds())
        return poller.sync(clock=_PassingClock(self._pass))

    def report(self, sent: Sent | Message, status: str, **more: Any) -> None:
        """Post a delivery report to the site's own webhook, as SMSBAT does.

        Args:
            status: in SMSBAT's format, such as ``delivered`` or ``undeliverable``.
            more: further keys of the body, such as ``cost=0.05``.
        """
        if not sent.smsbat_id:
            raise AssertionError("SMSBAT's id of it is not known: report what is in the outbox")
        body = {"messageId": sent.smsbat_id, "deliverystatus": str(status), **more}
        callbacks.post("status", body, sent.account)

    def write_back(
        self,
        phone: str,
        text: str,
        *,
        alpha_name: str = "",
        account: str = DEFAULT_ACCOUNT,
        **more: Any,
    ) -> None:
        """Post an incoming message to the site's own webhook, as SMSBAT does.

        Args:
            phone: in E.164.
            alpha_name: the name that the message was sent to; the account's sender by default.
            more: further keys of the body, such as ``idUuid``.
        """
        callbacks.post_inbound(phone, text, alpha_name, account, more)

    def _pass(self, seconds: float) -> None:
        self._seconds += seconds
        clock.put_forward(timedelta(seconds=seconds))

    def _client(self, account: str) -> MemoryClient:
        ledger = self._ledgers.setdefault(account, Ledger(given=self._fates))

        def tell(entries: Sequence[Entry]) -> None:
            self._taken += [(account, entry) for entry in entries]

        return MemoryClient(ledger, tell, self._failures, lambda: self._seconds)


class _PassingClock(clock.SystemClock):
    """Advances the time instead of sleeping, so that no test waits, even with a frozen clock."""

    def __init__(self, let_pass: Callable[[float], object]) -> None:
        super().__init__()
        self._let_pass = let_pass

    def sleep(self, seconds: float) -> None:
        self._let_pass(seconds)


def _missing(account: Account) -> dict[str, Any]:
    """Return the values that tests need and the settings lack."""
    own: dict[str, Any] = {} if account.sender else {"SENDER": _SENDER}
    if not account.webhook_secrets:
        own["WEBHOOK_SECRETS"] = [f"{_SECRET}-{account.name}"]
    return own


def _number(phone: str) -> str:
    return phones.normalise(phone, conf.current().default_region)
