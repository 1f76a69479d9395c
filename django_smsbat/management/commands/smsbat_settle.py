"""``manage.py smsbat_settle``: resend unconfirmed messages, or mark them as failed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_smsbat.management.worker_command import (
    campaign_or_error,
    errors_in_one_line,
    positive,
)
from django_smsbat.services import unconfirmed


class Command(BaseCommand):
    help = (
        "Settles unconfirmed messages: sends them again, so that recipients who did get the first "
        "one get it twice, or gives them up. Without --campaign all of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=positive, metavar="ID", help="only this campaign")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--resend", action="store_true", help="send them again")
        what.add_argument("--give-up", action="store_true", help="take them for failed")

    def handle(self, *args: Any, **options: Any) -> None:
        with errors_in_one_line():
            campaign = campaign_or_error(options["campaign"])
            if options["resend"]:
                message = f"{unconfirmed.resend_all(campaign)} queued to be sent again."
            else:
                message = f"{unconfirmed.give_up_all(campaign)} given up."
        self.stdout.write(message)
