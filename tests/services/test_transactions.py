"""Actions after a commit, and failures in them."""

import pytest
from django.db import transaction

from django_smsbat.services.transactions import when_committed

pytestmark = pytest.mark.django_db(transaction=True)


def fail():
    raise RuntimeError("mine")


def test_what_fails_after_a_commit_is_logged_and_stops_nothing(caplog):
    done = []
    with transaction.atomic():
        when_committed(fail)
        when_committed(lambda: done.append(1))
        assert done == []
    assert done == [1]
    assert "mine" in caplog.text


def test_where_nobody_has_a_transaction_it_is_done_at_once_and_fails_at_once():
    with pytest.raises(RuntimeError, match="mine"):
        when_committed(fail)
