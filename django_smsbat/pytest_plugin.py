"""For projects that test with pytest and pytest-django: two fixtures, there without an import."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

# Nothing of Django's is imported before its settings are there: pytest loads this first of all.
if TYPE_CHECKING:
    from django_smsbat.sandbox.server import Running
    from django_smsbat.testing import FakeGateway

# Set through pytest-django's own fixture: a test may change settings before and after, and all of
# them are as they were afterwards.


@pytest.fixture
def smsbat(db: None, settings: Any) -> "Iterator[FakeGateway]":
    """SMSBAT in memory; see `django_smsbat.testing.FakeGateway`."""
    from django_smsbat.testing import FakeGateway

    gateway = FakeGateway()
    settings.SMSBAT = gateway.settings()
    with gateway.standing_in():
        yield gateway


@pytest.fixture
def smsbat_sandbox(db: None, settings: Any) -> "Iterator[Running]":
    """SMSBAT on a real port; see `django_smsbat.testing.running_sandbox`."""
    from django_smsbat.testing.sandbox import settings_for, started

    with started() as sandbox:
        settings.SMSBAT = settings_for(sandbox)
        yield sandbox
