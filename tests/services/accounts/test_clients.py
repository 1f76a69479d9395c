"""Each account's client is created from the settings."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from django_smsbat.gateway.auth import AuthMethod
from django_smsbat.gateway.dialects import Dialect
from django_smsbat.gateway.errors import GatewayError
from django_smsbat.messages import Sms
from django_smsbat.models import Message
from django_smsbat.services.accounts import clients
from django_smsbat.services.sending import single
from tests.conftest import phone
from tests.gateway.test_loopback import ALLOWED, PLAIN_TO_OTHERS


@pytest.fixture
def made(settings, monkeypatch):
    """The recorded arguments of a client, by account name."""

    class Recorder:
        def __init__(self, base_url, credentials, **options):
            self.base_url, self.credentials, self.options = base_url, credentials, options

        def close(self):
            pass

    monkeypatch.setattr(clients, "Client", Recorder)
    settings.SMSBAT = {
        "BASE_URL": "https://sms.example.com",
        "LOGIN": "me",
        "PASSWORD": "pass",
        "API_KEY": "key",
        "AUTH": "basic",
        "DIALECT": "overview",
        "TIMEOUT": 7,
        "SEND_RATE": 11,
        "STATUS_RATE": 5,
        "RATE_LIMIT_STORAGE": "memory",
        "ACCOUNTS": {
            "shop": {"API_KEY": "shop-key", "SEND_RATE": 3},
            "twin": {"LOGIN": "twin", "PASSWORD": "pass"},
        },
    }
    yield clients.client
    settings.SMSBAT = {**settings.SMSBAT}  # drops the clients created here


def test_credentials_dialect_and_timeout(made):
    own = made()
    assert own.base_url == "https://sms.example.com"
    assert (own.credentials.method, own.credentials.login) == (AuthMethod.BASIC, "me")
    assert (own.options["dialect"], own.options["timeout"]) == (Dialect.OVERVIEW, 7)
    shop = made("shop")
    assert (shop.credentials.method, shop.credentials.api_key) == (AuthMethod.HEADER, "shop-key")
    assert made("twin").credentials.method is AuthMethod.BASIC


def test_each_account_is_paced_for_itself_and_each_kind_of_request(made):
    paces = [
        made(name).options[f"{kind}_pace"]
        for name in ("default", "shop", "twin")
        for kind in ("send", "status")
    ]
    assert [pace.per_second for pace in paces] == [11, 5, 3, 5, 11, 5]
    assert len({pace.name for pace in paces}) == 6
    assert [pace.name.rpartition(":")[2] for pace in paces] == ["send", "status"] * 3


def test_no_name_under_which_rates_are_counted_tells_a_key(made):
    for name in ("default", "shop", "twin"):
        assert not {"key", "shop-key", "twin"} & set(
            made(name).options["send_pace"].name.split(":")
        )


def test_one_client_serves_all_threads_of_a_process(made):
    assert made("shop") is made("shop")
    assert made("shop") is not made()


def test_a_stand_in_is_asked_by_the_accounts_name():
    with clients.replaced_by(lambda name: f"stands in for {name}"):
        assert clients.client("shop") == "stands in for shop"


@pytest.mark.parametrize("auth", ["header", "basic_key", "basic"])
def test_a_client_with_wrong_credentials_leads_to_the_same_service(sandbox, settings, auth):
    own = {"AUTH": auth, "API_KEY": "sandbox-key", "LOGIN": "sandbox"}
    settings.SMSBAT = {**settings.SMSBAT, **own, "PASSWORD": "sandbox-password"}
    client = clients.with_wrong_credentials()
    with pytest.raises(GatewayError) as error:
        client.status("1")
    client.close()
    assert error.value.status == 401


class TestPlainHTTP:
    """No credentials leave this machine unencrypted, even if a web server runs no system checks."""

    @pytest.mark.parametrize("url", PLAIN_TO_OTHERS)
    def test_no_client_is_made_for_another_machine(self, settings, url):
        settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": url}
        for make in (clients.client, clients.with_wrong_credentials):
            with pytest.raises(ImproperlyConfigured, match="is not https"):
                make()

    @pytest.mark.parametrize("url", ALLOWED)
    def test_one_is_made_for_this_machine_and_for_https(self, settings, url):
        settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": url}
        assert clients.client()

    def test_an_account_of_its_own_address_is_named(self, settings):
        shop = {"API_KEY": "k", "BASE_URL": "http://sms.example.com"}
        settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": shop}}
        assert clients.client()
        with pytest.raises(ImproperlyConfigured, match=r"account shop: .* is not https"):
            clients.client("shop")

    @pytest.mark.parametrize("command", ["smsbat_send", "smsbat_sync"])
    def test_commands_say_so_in_one_line_and_the_queue_stays(self, settings, queued, command):
        queued(77)
        settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": "http://sms.example.com"}
        with pytest.raises(CommandError, match=r"^SMSBAT.*is not https.*$"):
            call_command(command)
        assert Message.objects.get().status == "queued"

    def test_what_is_queued_waits(self, settings, db):
        settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": "http://sms.example.com"}
        message = single.send(Sms(to=phone(77), text="Hi"), queue=True)
        assert message.status == "queued"
        with pytest.raises(ImproperlyConfigured, match="is not https"):
            single.send(Sms(to=phone(77), text="Hi"))
        assert not Message.objects.exclude(status="queued").exists()
