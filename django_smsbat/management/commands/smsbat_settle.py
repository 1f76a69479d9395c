"""``manage.py smsbat_settle``: say what to do with messages of which nobody knows the fate."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_smsbat.management.worker_command import positive
from django_smsbat.models import Campaign
from django_smsbat.services import unconfirmed


class Command(BaseCommand):
    help = (
        "Settles unconfirmed messages: sends them again, so that whoever did get the first one "
        "gets it twice, or gives them up. Without --campaign all of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=positive, metavar="ID", help="only this campaign")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--resend", action="store_true", help="send them again")
        what.add_argument("--give-up", action="store_true", help="take them for failed")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = options["campaign"]
        if campaign and not Campaign.objects.filter(pk=campaign).exists():
            raise CommandError(f"there is no campaign {campaign}")
        if options["resend"]:
            self.stdout.write(f"{unconfirmed.resend_all(campaign)} queued to be sent again.")
        else:
            self.stdout.write(f"{unconfirmed.give_up_all(campaign)} given up.")
