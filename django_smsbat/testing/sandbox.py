"""The sandbox beside a test: SMSBAT on a real port, for tests that want real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.test.utils import override_settings

from django_smsbat import conf

if TYPE_CHECKING:
    from django_smsbat.sandbox.server import Running

_UNLIMITED = {"speed": 1_000, "send_rate": 0, "status_rate": 0}


@contextmanager
def running_sandbox(**options: Any) -> "Iterator[Running]":
    """A sandbox on a free port, to which the settings lead until the end of the block.

    Args:
        options: of `django_smsbat.sandbox.app.Options`, such as ``faults=("503@1",)`` or
            ``callback_url="http://smsbat:SECRET@127.0.0.1:8001/smsbat/"``. Unless they say
            otherwise statuses move a thousand times faster than a phone's, at any rate.

    Yields:
        Its `url`, and its `sandbox.ledger`, which knows what was sent.
    """
    # Where the extra [sandbox] is not installed, the rest of the kit can be used all the same.
    from django_smsbat.sandbox.app import Options
    from django_smsbat.sandbox.server import running

    asked: Any = {**_UNLIMITED, **options}
    with running(Options(**asked)) as started:
        account = started.sandbox.options.account
        own = {"BASE_URL": started.url, "API_KEY": account.api_key, "AUTH": "header"}
        given = conf.dict_given()
        sender = {} if given.get("SENDER") else {"SENDER": "Testing"}
        with override_settings(SMSBAT={**given, **own, **sender, "RUNNER": "none"}):
            yield started
