"""Fixtures of the endpoint tests."""

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _language_of_the_next_test():
    """Reset the language: a request in Ukrainian leaves it active in this thread."""
    yield
    translation.deactivate()
