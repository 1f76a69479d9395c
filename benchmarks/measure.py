"""``python -m benchmarks.measure WHAT ...``: one measurement in this process, told as JSON."""

import json
import sys
from typing import Any

from benchmarks import floor, stage


def floor_campaign(url: str, gateway: str, count: int, personal: bool, size: int) -> dict[str, Any]:
    stage.django(url, gateway)
    made = stage.campaign(stage.people(count), personal=personal)
    database = floor.connect(url)
    launched = stage.timed(lambda: floor.launch(database, made.pk, personal=personal))
    submitted = stage.timed(lambda: floor.submit(database, made.pk, gateway, size))
    return {"launch": launched, "submit": submitted}


def our_campaign(  # noqa: PLR0917 - called with a list
    url: str, gateway: str, count: int, personal: bool, size: int, threads: int = 8
) -> dict[str, Any]:
    stage.django(url, gateway, BATCH_SIZE=size, CONCURRENCY=threads)
    made = stage.campaign(stage.people(count), personal=personal)
    from django_smsbat.models import Message
    from django_smsbat.services import campaigns, submission

    launched = stage.timed(lambda: campaigns.launch(made))
    submitted = stage.timed(submission.submit_queued)
    assert Message.objects.filter(status="accepted").count() == count
    return {"launch": launched, "submit": submitted}


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    print(json.dumps(globals()[what](*[json.loads(one) for one in rest])))
