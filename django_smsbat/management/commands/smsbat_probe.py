"""``manage.py smsbat_probe``: compare the real service with this project's assumptions about it."""

import sys
from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from django_smsbat import conf
from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.gateway import phones
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.management.worker_command import (
    errors_in_one_line,
    positive,
    stopped_by_signals,
)
from django_smsbat.services.clock import SystemClock
from django_smsbat.services.probe import costs, messages, report
from django_smsbat.services.probe import run as probe_run
from django_smsbat.services.probe.costs import CostEstimate, Price
from django_smsbat.services.probe.expectations import Verdict
from django_smsbat.services.probe.messages import PlannedMessage, ProbeRequest
from django_smsbat.services.probe.run import ProbeResult

_TYPES: Final = ", ".join(one.value for one in MessageType)
_OPTIONS: Final = {"image_url": "--image-url", "caller_id": "--caller-id", "sender": "--sender"}


def _type(value: str) -> MessageType:
    try:
        return MessageType(value)
    except ValueError:
        raise ArgumentTypeError(f"give one of {_TYPES}") from None


def _price(value: str) -> tuple[MessageType, Price]:
    kind, equals, amount = value.partition("=")
    try:
        price = Decimal(amount)
    except InvalidOperation:
        price = Decimal("NaN")
    if not equals or not price.is_finite() or price < 0:
        raise ArgumentTypeError("write TYPE=AMOUNT for one part, such as sms=0.05")
    return _type(kind), Price(price)


class Command(BaseCommand):
    help = (
        "Sends one real message of each selected type to your own phone, follows it, and prints "
        "every difference from what this project assumes of SMSBAT, as a report for a bug "
        "tracker. The report holds no key, no full phone and no text. The messages cost money; "
        "the command shows how many billable parts there may be and asks first. Exit code 0 if "
        "everything matched, 1 if there is a difference or a message failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, metavar="PHONE", help="your own phone")
        parser.add_argument(
            "--type",
            action="append",
            type=_type,
            metavar="TYPE",
            help=f"a message type to send, several times; default: sms, viber_promo and "
            f"viber_trans; there are {_TYPES}",
        )
        parser.add_argument("--account", default=DEFAULT_ACCOUNT, help="default: %(default)s")
        parser.add_argument("--sender", default="", help="alpha name; default: the account's own")
        parser.add_argument("--text", default="", help="an approved text for all types with text")
        parser.add_argument(
            "--image-url", default="", metavar="URL", help="an image; a carousel needs it"
        )
        parser.add_argument(
            "--caller-id", default="", metavar="PHONE", help="the number of a flash call"
        )
        parser.add_argument(
            "--no-fallback", action="store_true", help="let no SMS follow a message that failed"
        )
        parser.add_argument(
            "--no-negative",
            action="store_true",
            help="leave out the requests that SMSBAT should refuse, which cost nothing",
        )
        parser.add_argument(
            "--price",
            action="append",
            type=_price,
            default=[],
            metavar="TYPE=AMOUNT",
            help="what one part costs, several times; default: what was billed before",
        )
        parser.add_argument(
            "--follow",
            type=positive,
            default=messages.DEFAULT_FOLLOW,
            metavar="SECONDS",
            help="how long to follow the messages; Ctrl+C ends it early; default: %(default)s",
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="write the report there")
        parser.add_argument("--yes", action="store_true", help="send without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        with errors_in_one_line():
            request = _request(options)
            planned = _planned(request)
            prices = costs.learned_prices(request.account) | dict(options["price"])
            self.stdout.write(_cost(costs.estimate(planned, prices), request))
            _check_output(options["output"])
            if not options["yes"] and not self._is_confirmed():
                raise CommandError("nothing was sent")
            result = self._run(request, planned)
        self._show(report.render(result), options["output"])
        if failure := _failure(result):
            raise CommandError(failure)

    def _is_confirmed(self) -> bool:
        if not sys.stdin.isatty():
            raise CommandError("nothing was sent: without a terminal, give --yes to send")
        try:
            return input("Type yes to send: ").strip().lower() == "yes"
        except (EOFError, KeyboardInterrupt):
            return False

    def _run(self, request: ProbeRequest, planned: list[PlannedMessage]) -> ProbeResult:
        clock = SystemClock()
        bar = tqdm(total=request.follow, unit=" s", disable=not sys.stderr.isatty(), leave=False)
        with bar, stopped_by_signals(clock):
            return probe_run.run(request, planned, clock=clock, on_progress=bar.update)

    def _show(self, text: str, output: Path | None) -> None:
        if output is None:
            self.stdout.write(text)
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            self.stdout.write(text)
            raise CommandError(f"--output: {output}: {error.strerror}") from None
        self.stdout.write(f"The report is in {output}.")


def _request(options: dict[str, Any]) -> ProbeRequest:
    return ProbeRequest(
        to=_phone("--to", options["to"]),
        types=options["type"] or messages.DEFAULT_TYPES,
        account=options["account"],
        sender=options["sender"],
        text=options["text"],
        image_url=options["image_url"],
        caller_id=_phone("--caller-id", options["caller_id"]) if options["caller_id"] else "",
        fallback=not options["no_fallback"],
        follow=options["follow"],
        refusals=not options["no_negative"],
    )


def _phone(option: str, value: str) -> str:
    try:
        return phones.normalise(value, conf.current().default_region)
    except phones.InvalidPhone as error:
        raise CommandError(f"{option}: {error}") from None


def _planned(request: ProbeRequest) -> list[PlannedMessage]:
    try:
        return messages.plan(request)
    except InvalidMessage as error:
        raise CommandError(f"{_OPTIONS.get(error.field, error.field)}: {error.reason}") from None


def _check_output(output: Path | None) -> None:
    """Check that the file is writable before anything is sent, so that no paid report is lost."""
    if output is None:
        return
    try:
        output.open("a", encoding="utf-8").close()
    except OSError as error:
        raise CommandError(f"--output: {output}: {error.strerror}") from None


def _cost(estimate: CostEstimate, request: ProbeRequest) -> str:
    amounts = " + ".join(_amount(*known) for known in estimate.amounts.items())
    unpriced = ", ".join(f"{parts} of {kind.value}" for kind, parts in estimate.unpriced.items())
    known = [f"Known cost, at most: {amounts}."] if amounts else []
    unknown = (
        [f"Price unknown for so many billable parts, at most: {unpriced}."] if unpriced else []
    )
    return "\n".join(
        [
            f"{estimate.messages} message(s) to {phones.mask(request.to)}: {estimate.parts} "
            f"part(s), and at most {estimate.fallback_parts} more as SMS fallback.",
            *known,
            *unknown,
        ]
    )


def _amount(currency: str, amount: Decimal) -> str:
    """Format with at least two decimal digits and no further trailing zeros."""
    cents = amount.quantize(Decimal("0.01"))
    shown = cents if cents == amount else amount.normalize()
    return f"{shown:f} {currency or 'in the currency of your prices'}"


def _failure(result: ProbeResult) -> str:
    differences = result.count(Verdict.DIFFERENCE)
    failures = result.count(Verdict.FAILURE)
    if not differences and not failures:
        return ""
    return f"{differences} differences and {failures} failures; see the report"
