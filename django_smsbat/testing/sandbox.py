"""The sandbox for tests with real HTTP: SMSBAT on a real port."""

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
    """Run a sandbox on a free port, and use it in the settings until the end of the block.

    All accounts use it, with its single key. Rates are counted in memory, and workers run when the
    test calls them.

    Args:
        options: of `django_smsbat.sandbox.app.Options`, such as ``faults=("503@1",)`` or
            ``callback_url="http://smsbat:SECRET@127.0.0.1:8001/smsbat/"``. By default, statuses
            change a thousand times faster than a phone's, without rate limits.

    Yields:
        Its `url`, and its `sandbox.ledger` with the messages sent.
    """
    with started(**options) as sandbox, override_settings(SMSBAT=settings_for(sandbox)):
        yield sandbox


@contextmanager
def started(**options: Any) -> "Iterator[Running]":
    """Run the sandbox alone; the settings stay unchanged."""
    # The rest of the kit works without the extra [sandbox].
    try:
        from django_smsbat.sandbox.app import Options
        from django_smsbat.sandbox.server import running
    except ImportError:
        raise RuntimeError("the sandbox needs: pip install 'django-smsbat[sandbox]'") from None

    arguments: Any = {**_UNLIMITED, **options}
    with running(Options(**arguments)) as sandbox:
        yield sandbox


def settings_for(sandbox: "Running") -> dict[str, Any]:
    """Return the `SMSBAT` setting that uses this sandbox."""
    key = sandbox.sandbox.options.account.api_key
    there = {"BASE_URL": sandbox.url, "API_KEY": key, "AUTH": "header"}
    own = {**FakeGateway.settings(), **there, "RATE_LIMIT_STORAGE": "memory"}
    named = {name: {**given, **there} for name, given in own.get("ACCOUNTS", {}).items()}
    return {**own, **({"ACCOUNTS": named} if named else {})}
