"""What the tests of the endpoints share."""

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _language_of_the_next_test():
    """A request in Ukrainian leaves its language active in this thread."""
    yield
    translation.deactivate()
