"""The package's threads release their connection while they wait; the site's threads do not."""

import pytest
from django.db import OperationalError, connections, transaction

from django_smsbat.services import database_connections
from django_smsbat.services.database_connections import own_thread, release, waited

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(monkeypatch):
    """The default connection, open, as if to a server; `closed` records calls of `close`."""
    connection = connections["default"]
    connection.ensure_connection()
    closed = []
    monkeypatch.setattr(connection, "vendor", "postgresql")
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    monkeypatch.setattr(connection, "closed_by_test", closed, raising=False)
    yield connection
    waited(0.0)


@pytest.fixture
def pool(connection, monkeypatch):
    options = {**connection.settings_dict["OPTIONS"], "pool": True}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)


def test_a_pool_gets_it_back_before_every_wait(connection, pool):
    with own_thread():
        release()
    assert connection.closed_by_test


@pytest.mark.parametrize(("seconds", "is_in_web"), [(0.2, True), (1.5, True), (1.5, False)])
def test_without_a_pool_it_is_closed_before_a_long_wait(connection, seconds, is_in_web):
    waited(seconds)
    with own_thread(is_in_web=is_in_web):
        release()
    assert connection.closed_by_test


@pytest.mark.parametrize(("seconds", "is_in_web"), [(0.01, True), (0.2, False)])
def test_without_a_pool_it_is_kept_during_a_short_wait(connection, seconds, is_in_web):
    waited(seconds)
    with own_thread(is_in_web=is_in_web):
        release()
    assert not connection.closed_by_test


def test_a_connection_that_the_database_has_closed_is_discarded(connection, monkeypatch):
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    database_connections.discard_broken()
    assert connection.closed_by_test


def test_a_usable_connection_is_not(connection, monkeypatch):
    monkeypatch.setattr(connection, "is_usable", lambda: True)
    database_connections.discard_broken()
    assert not connection.closed_by_test


def test_an_expected_wait_counts_more_than_the_last_one(connection):
    waited(0.01)
    with own_thread():
        release(expected=5.0)
    assert connection.closed_by_test


def test_a_thread_of_the_site_keeps_it(connection, pool):
    waited(5.0)
    release()
    assert not connection.closed_by_test


def test_a_thread_is_the_sites_again_after_the_block(connection, pool):
    with own_thread(), own_thread():
        pass
    release()
    assert not connection.closed_by_test


def test_a_transaction_keeps_it(connection, pool):
    with own_thread(), transaction.atomic():
        release()
        assert not connection.closed_by_test


def test_sqlite_keeps_it(connection, pool, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "sqlite")
    with own_thread():
        release()
    assert not connection.closed_by_test


def test_a_database_that_grants_no_connection_is_noticed(monkeypatch):
    def refuse():
        raise OperationalError("too many connections")

    monkeypatch.setattr(connections["default"], "ensure_connection", refuse)
    assert not database_connections.can_connect()
