"""``python -m example_project.demo``: a campaign from an empty database to a reply."""

import json
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import django
from tqdm import tqdm

from example_project.demo import site

if TYPE_CHECKING:
    from django_smsbat.models import Campaign

STATUS_RATE = "300"  # requests per second in this demo; SMSBAT's own limit is 50
PATIENCE = 60  # seconds


def main() -> int:
    port = site.free_port()
    callbacks = site.callback_url(f"http://{site.HOST}:{port}/")
    options = ("--speed", "2", "--status-rate", STATUS_RATE, "--callback-url", callbacks)
    site.configure(
        SMSBAT_RUNNER="none",
        SMSBAT_BATCH_SIZE="200",
        SMSBAT_STATUS_RATE=STATUS_RATE,
        SMSBAT_BASE_URL="",
    )
    with site.sandbox(*options, "--no-status-callbacks") as address:
        site.configure(SMSBAT_BASE_URL=address)
        django.setup()
        _migrate()
        with site.webserver(port):
            return _tell(address)


def _migrate() -> None:
    from django.core.management import call_command

    site.fresh_database()
    call_command("migrate", verbosity=0)


def _tell(sandbox: str) -> int:
    """Run the demo. Return the exit code: 0 if everything completed."""
    from django_smsbat.models import RecipientList
    from django_smsbat.services.campaigns import lifecycle
    from example_project.demo import people, summary

    print("A database, a thousand people in two lists, SMSBAT played by the sandbox on", sandbox)
    campaign = people.populate()
    for people_list in RecipientList.objects.all():
        print(f"  {people_list}: {people_list.recipients.count()} recipients")
    print(f"Launching “{campaign}”: Viber with a picture and a button, SMS where Viber fails")
    launched = lifecycle.launch(campaign)
    _submit(launched.recipients)
    _poll(campaign)
    _write_back(sandbox, campaign)
    campaign.refresh_from_db()
    print(f"Campaign “{campaign}” is {campaign.get_status_display()}:")
    print(summary.table(campaign, launched))
    return 0 if _is_complete(campaign) else 1


def _submit(total: int) -> None:
    from django_smsbat.services.sending import worker

    with tqdm(total=total, desc="Submitting", unit=" messages", disable=None) as bar:
        worker.submit_queued(on_progress=bar.update)


def _poll(campaign: "Campaign") -> None:
    """Poll until every message has a final status, as `smsbat_sync --watch` does."""
    from django_smsbat.services.campaigns import statistics
    from django_smsbat.services.polling import poller

    deadline = time.monotonic() + PATIENCE
    progress = statistics.progress(campaign)
    with tqdm(total=progress.total, desc="Tracking  ", unit=" messages", disable=None) as bar:
        while time.monotonic() < deadline:
            progress = statistics.progress(campaign)
            bar.update(progress.delivered + progress.failed - bar.n)
            if progress.delivered + progress.failed == progress.total:
                return
            poller.sync(limit=100, on_progress=lambda _: None)
            time.sleep(0.1)


def _write_back(sandbox: str, campaign: "Campaign") -> None:
    """Reply as a customer on the sandbox's phone; SMSBAT's callback reaches our webhook."""
    from django_smsbat.gateway.statuses import Status

    reader = campaign.messages.filter(status=Status.READ.value).order_by("pk").first()
    if reader is None:
        raise RuntimeError("nobody has read the message")
    request = urllib.request.Request(
        f"{sandbox}/phones/{reader.to}/reply",
        data=json.dumps({"text": "Чи є 38-й розмір?"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        print("A customer writes back; the webhook answered", answer.status)


def _is_complete(campaign: "Campaign") -> bool:
    from django_smsbat.models import CampaignStatus
    from django_smsbat.services.campaigns import statistics

    results = statistics.results(campaign)
    ended = results.progress.delivered + results.progress.failed == results.progress.total
    return ended and results.replies == 1 and campaign.status == CampaignStatus.SENT


if __name__ == "__main__":
    sys.exit(main())
