"""A probe against the sandbox, with responses altered on the way."""

from contextlib import ExitStack

import pytest
from django.utils import timezone

from django_smsbat.services.probe import messages
from django_smsbat.services.probe import run as probe_run
from django_smsbat.services.probe.expectations import Verdict
from django_smsbat.services.probe.messages import ProbeRequest
from tests.conftest import HeldClock, phone
from tests.support.altering import altering

INSTANT = 1_000_000  # statuses are final before the first poll
CALLER = "+380441234567"
IMAGE = "https://cdn.example.com/a.jpg"


@pytest.fixture
def probe(start_sandbox, settings):
    """Run a probe; `alter` changes the responses, `act` is called once during it."""
    with ExitStack() as stack:

        def run(
            alter=lambda reply: None,
            *,
            ending=77,
            act=lambda clock: None,
            act_after=0,
            smsbat=(),
            **options,
        ):
            sandbox = start_sandbox(speed=options.pop("speed", INSTANT))
            url = stack.enter_context(altering(sandbox.url, alter))
            settings.SMSBAT = {
                **settings.SMSBAT,
                "BASE_URL": url,
                "STATUS_RATE": 1_000,
                "WEBHOOK_SECRETS": [],
                **dict(smsbat),
            }
            options.setdefault("types", ["sms"])
            request = ProbeRequest(to=phone(ending), caller_id=CALLER, image_url=IMAGE, **options)
            clock = HeldClock(timezone.now())
            to_do = [lambda: act(clock)]
            passed = []

            def on_progress(seconds):
                passed.append(seconds)
                if to_do and sum(passed) >= act_after:
                    to_do.pop()()

            result = probe_run.run(
                request,
                messages.plan(request),
                clock=clock,
                on_progress=on_progress,
            )
            result.sandbox = sandbox.sandbox
            return result

        yield run


def problems(result):
    """Return the differences and failures as ``id``, or ``id (label)`` for refusals."""
    found = [one for one in result.findings if one.verdict in (Verdict.DIFFERENCE, Verdict.FAILURE)]
    return {f"{one.id} ({one.label})" if one.id.startswith("refusal") else one.id for one in found}
