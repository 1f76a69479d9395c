"""For projects that test with pytest and pytest-django: two fixtures, there without an import."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

# Nothing of Django's is imported before its settings are there: pytest loads this first of all.
if TYPE_CHECKING:
    from django_smsbat.sandbox.server import Running
    from django_smsbat.testing import FakeGateway


@pytest.fixture
def smsbat(db: None) -> "Iterator[FakeGateway]":
    """SMSBAT in memory; see `django_smsbat.testing.FakeGateway`."""
    from django_smsbat.testing import FakeGateway

    with FakeGateway() as gateway:
        yield gateway


@pytest.fixture
def smsbat_sandbox(db: None) -> "Iterator[Running]":
    """SMSBAT on a real port; see `django_smsbat.testing.running_sandbox`."""
    from django_smsbat.testing import running_sandbox

    with running_sandbox() as started:
        yield started
