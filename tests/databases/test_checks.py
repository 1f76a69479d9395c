"""The system checks of database servers that the package cannot work with."""

from contextlib import contextmanager

import pytest
from django.core.checks import run_checks
from django.db import connections

from tests.support import databases
from tests.support.on_database import URLS

LEVELS = {
    "postgresql": ("REPEATABLE_READ", "SERIALIZABLE", "READ_COMMITTED"),
    "mysql": ("repeatable read", "serializable", "read committed"),
}


def found(*ids):
    return [one for one in run_checks(databases=["default"]) if one.id in ids]


@contextmanager
def options(**given):
    """Replace the default connection by one with other options."""
    connection = connections["default"]
    before = connection.settings_dict["OPTIONS"]
    connection.close()
    connection.settings_dict["OPTIONS"] = {**before, **given}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = before


def test_a_site_without_time_zones_is_an_error(settings):
    settings.USE_TZ = False
    [error] = [one for one in run_checks() if one.id == "smsbat.E014"]
    assert error.is_serious()
    assert "USE_TZ" in error.msg


def test_a_site_with_time_zones_is_not():
    assert [one for one in run_checks() if one.id == "smsbat.E014"] == []


@pytest.mark.django_db(transaction=True)
class TestIsolationLevel:
    @pytest.fixture
    def level(self):
        vendor = connections["default"].vendor
        if vendor not in LEVELS:
            pytest.skip("SQLite has one level")

        def of(place):
            name = LEVELS[vendor][place]
            if vendor == "postgresql":
                from django.db.backends.postgresql.psycopg_any import IsolationLevel

                return IsolationLevel[name]
            return name

        return of

    @pytest.mark.parametrize("place", [0, 1])
    def test_a_higher_level_in_the_options_is_an_error(self, level, place):
        with options(isolation_level=level(place)):
            [error] = found("smsbat.E015")
        assert error.is_serious()
        assert "READ COMMITTED is needed" in error.msg

    def test_read_committed_is_not(self, level):
        with options(isolation_level=level(2)):
            assert found("smsbat.E015") == []

    def test_the_default_is_not(self, level):
        assert found("smsbat.E015") == []

    def test_a_higher_level_of_the_server_is_an_error(self, level):
        if connections["default"].vendor == "mysql":
            given = {"isolation_level": None}  # MariaDB's default is REPEATABLE READ
        else:
            given = {"options": "-c default_transaction_isolation=serializable"}
        with options(**given):
            assert [error.id for error in found("smsbat.E015")] == ["smsbat.E015"]


class TestCharacterSet:
    @pytest.fixture
    def narrow(self, django_db_blocker, tmp_path):
        """Make an empty MariaDB database in utf8mb3 the default database."""
        server = URLS["mariadb"]
        if connections["default"].vendor != "mysql":
            pytest.skip("about MariaDB only")
        with (
            databases.database("mysql", tmp_path, server, charset="utf8mb3") as url,
            django_db_blocker.unblock(),
        ):
            connection = connections["default"]
            before = connection.settings_dict["NAME"]
            connection.close()
            connection.settings_dict["NAME"] = url.rpartition("/")[2]
            yield connection
            connection.close()
            connection.settings_dict["NAME"] = before

    def test_a_database_in_utf8mb3_is_an_error_before_the_first_migration(self, narrow):
        [error] = found("smsbat.E016")
        assert error.is_serious()
        assert f"the database {narrow.settings_dict['NAME']}" in error.msg

    def test_a_table_in_utf8mb3_is_named(self, narrow):
        with narrow.cursor() as cursor:
            cursor.execute("CREATE TABLE smsbat_message (id INT, text TEXT)")
            cursor.execute("CREATE TABLE other_app (id INT, text TEXT)")
            cursor.execute("CREATE TABLE smsbat_recipient (id INT, name TEXT) CHARSET utf8mb4")
        [error] = found("smsbat.E016")
        assert "smsbat_message" in error.msg
        assert "other_app" not in error.msg


@pytest.mark.django_db
def test_a_database_that_stores_emoji_is_no_error():
    assert found("smsbat.E016") == []


@pytest.mark.django_db
class TestTenants:
    @pytest.fixture
    def tenants(self, monkeypatch, settings):
        """A connection with schemas, as in django-tenants, and our app in each schema."""
        connection = connections["default"]
        monkeypatch.setattr(connection, "set_schema", lambda name: None, raising=False)
        settings.TENANT_APPS = ["django_smsbat"]

        def configure(**values):
            settings.SMSBAT = {**settings.SMSBAT, **values}
            return [one.id for one in found("smsbat.E017")]

        return configure

    @pytest.mark.parametrize(
        "values",
        [
            {"RUNNER": "thread", "CONCURRENCY": 1},
            {"RUNNER": "celery", "CONCURRENCY": 1},
            {"RUNNER": "none", "CONCURRENCY": 2},
        ],
    )
    def test_threads_that_begin_in_another_schema_are_an_error(self, tenants, values):
        assert tenants(**values) == ["smsbat.E017"]

    def test_one_thread_for_each_tenant_is_not(self, tenants):
        assert tenants(RUNNER="none", CONCURRENCY=1) == []

    def test_tables_that_all_tenants_share_are_not(self, tenants, settings):
        settings.TENANT_APPS = ["shop"]
        assert tenants(RUNNER="thread", CONCURRENCY=8) == []
