"""Two fixtures for projects that test with pytest and pytest-django; no import is needed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

# No Django module may be imported before the settings are configured: pytest loads plugins first.
if TYPE_CHECKING:
    from django_smsbat.sandbox.server import Running
    from django_smsbat.testing import FakeGateway

# Set through pytest-django's own fixture: a test may change settings before and after, and all of
# them are restored afterwards.


@pytest.fixture
def smsbat(db: None, settings: Any) -> "Iterator[FakeGateway]":
    """An in-memory SMSBAT; see `django_smsbat.testing.FakeGateway`."""
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
