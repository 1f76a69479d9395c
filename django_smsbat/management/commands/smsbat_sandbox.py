"""``manage.py smsbat_sandbox``: a simulator of SMSBAT on a port of this machine."""

import importlib.util
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

if TYPE_CHECKING:
    from django_smsbat.sandbox.server import Listening

_EXPOSED: Final = (
    "Warning: other machines can reach this sandbox and read the phones and codes that it shows; "
    "use --host 127.0.0.1 unless that is intended."
)


def _at_least_zero(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise ArgumentTypeError("give a number, 0 or more")
    return number


def _above_zero(value: str) -> float:
    if not (number := _at_least_zero(value)):
        raise ArgumentTypeError("give a number above 0")
    return number


def _port(value: str) -> int:
    if not value.isdigit() or int(value) > 65_535:
        raise ArgumentTypeError("give a port from 0 (any free one) to 65535")
    return int(value)


def _host_name(value: str) -> str:
    from django_smsbat.sandbox.hosts import host_of

    if value.rpartition(":")[2].isdigit() or not host_of(value):
        raise ArgumentTypeError("give a host name without scheme and port, such as sandbox")
    return value


def _webhooks(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in ("http", "https") and parts.hostname
    except ValueError:
        is_address = None
    if value and not is_address:
        raise ArgumentTypeError(
            "give an address such as http://smsbat:SECRET@127.0.0.1:8000/smsbat/"
        )
    return value


def _fault(value: str) -> str:
    from django_smsbat.sandbox.faults import Fault

    try:
        Fault.parse(value)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
    return value


def _add_address(parser: CommandParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument(
        "--allowed-host",
        action="append",
        type=_host_name,
        default=[],
        metavar="NAME",
        help="a further host name under which it may be reached; may be given several times",
    )
    parser.add_argument("--port", type=_port, default=8025, help="0 for a free one; default: 8025")


class Command(BaseCommand):
    help = (
        "Plays SMSBAT for development and tests; shows the phones at its address. "
        "The last two digits of a phone decide what becomes of its messages: 00 undeliverable, "
        "01 expired, 02 rejected at once, 03 permanent error, 04 delivered then read, 05 Viber "
        "fails and the SMS fallback delivers, 06 stays in processing, anything else delivered."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        _add_address(parser)
        parser.add_argument(
            "--latency-ms", type=_at_least_zero, default=0, help="milliseconds before each answer"
        )
        parser.add_argument(
            "--callback-url",
            type=_webhooks,
            default="",
            metavar="URL",
            help="prefix of the site's webhooks: http://smsbat:SECRET@127.0.0.1:8000/smsbat/",
        )
        parser.add_argument(
            "--no-status-callbacks",
            action="store_true",
            help="call back only what people write, so that statuses have to be asked for",
        )
        parser.add_argument(
            "--speed", type=_above_zero, default=1, help="how many times faster statuses move"
        )
        for kind, rate in (("send", 100), ("status", 50)):
            parser.add_argument(
                f"--{kind}-rate",
                type=_at_least_zero,
                default=rate,
                help=f"{kind} requests a second, 0 for no limit; default: {rate}",
            )
        parser.add_argument(
            "--fault",
            action="append",
            type=_fault,
            default=[],
            metavar="KIND@WHEN",
            help="what goes wrong, and with which requests, such as 503@2, lost-after@1,3, "
            "garbage@10%% or callback/duplicate@10%%; may be given several times",
        )
        parser.add_argument(
            "--journal",
            type=Path,
            metavar="FILE",
            help="keep there what was taken, and know it again after a restart",
        )
        parser.add_argument("--api-key", default="sandbox-key", help="default: %(default)s")
        parser.add_argument("--login", default="sandbox", help="default: %(default)s")
        parser.add_argument("--password", default="sandbox-password", help="default: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        if importlib.util.find_spec("aiohttp") is None:
            raise CommandError("The sandbox needs: pip install 'django-smsbat[sandbox]'")
        if not options["callback_url"] and any("callback/" in one for one in options["fault"]):
            raise CommandError("--fault callback/... needs --callback-url")
        from django_smsbat.sandbox import server

        try:
            server.serve(_options(options), options["host"], options["port"], self._started)
        except OSError as error:
            raise CommandError(
                f"cannot listen on port {options['port']}: {error.strerror}"
            ) from None

    def _started(self, listening: "Listening") -> None:
        self.stdout.write(f"SMSBAT sandbox on {listening.url}")
        self.stdout.flush()
        if listening.is_exposed:
            self.stderr.write(_EXPOSED)


def _options(options: dict[str, Any]) -> Any:
    from django_smsbat.sandbox.access import Account
    from django_smsbat.sandbox.app import Options

    return Options(
        account=Account(options["api_key"], options["login"], options["password"]),
        latency=options["latency_ms"] / 1_000,
        speed=options["speed"],
        send_rate=options["send_rate"],
        status_rate=options["status_rate"],
        callback_url=options["callback_url"],
        status_callbacks=not options["no_status_callbacks"],
        faults=tuple(options["fault"]),
        journal=options["journal"],
        hosts=tuple(options["allowed_host"]),
    )
