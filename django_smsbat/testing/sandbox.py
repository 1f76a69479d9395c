"""The sandbox beside a test: SMSBAT on a real port, for tests that want real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.test.utils import override_settings

from django_smsbat.testing.gateway import FakeGateway

if TYPE_CHECKING:
    from django_smsbat.sandbox.server import Running

_UNLIMITED = {"speed": 1_000, "send_rate": 0, "status_rate": 0}


@contextmanager
def running_sandbox(**options: Any) -> "Iterator[Running]":
    """A sandbox on a free port, to which the settings lead until the end of the block.

    All accounts lead there, with the one key that it knows; rates are counted in memory, and
    workers run when they are told to.

    Args:
        options: of `django_smsbat.sandbox.app.Options`, such as ``faults=("503@1",)`` or
            ``callback_url="http://smsbat:SECRET@127.0.0.1:8001/smsbat/"``. Unless they say
            otherwise statuses move a thousand times faster than a phone's, at any rate.

    Yields:
        Its `url`, and its `sandbox.ledger`, which knows what was sent.
    """
    with started(**options) as sandbox, override_settings(SMSBAT=settings_for(sandbox)):
        yield sandbox


@contextmanager
def started(**options: Any) -> "Iterator[Running]":
    """The sandbox alone; the settings lead wherever they do."""
    # Where the extra [sandbox] is not installed, the rest of the kit can be used all the same.
    try:
        from django_smsbat.sandbox.app import Options
        from django_smsbat.sandbox.server import running
    except ImportError:
        raise RuntimeError("the sandbox needs: pip install 'django-smsbat[sandbox]'") from None

    asked: Any = {**_UNLIMITED, **options}
    with running(Options(**asked)) as sandbox:
        yield sandbox


def settings_for(sandbox: "Running") -> dict[str, Any]:
    """The `SMSBAT` setting that leads to it."""
    key = sandbox.sandbox.options.account.api_key
    there = {"BASE_URL": sandbox.url, "API_KEY": key, "AUTH": "header"}
    own = {**FakeGateway.settings(), **there, "RATE_LIMIT_STORAGE": "memory"}
    named = {name: {**given, **there} for name, given in own.get("ACCOUNTS", {}).items()}
    return {**own, **({"ACCOUNTS": named} if named else {})}
