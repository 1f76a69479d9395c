"""A site with routers that send reads to a replica: the services read from the primary."""

import pytest
from django.apps import apps
from django.db import connections
from django.test import override_settings

from django_smsbat import send, verification
from django_smsbat.db.primary import PrimaryManager
from django_smsbat.messages import Sms
from django_smsbat.models import Campaign, Message, Recipient, RecipientList, memberships
from django_smsbat.services.campaigns import lifecycle, preflight
from django_smsbat.services.verification import checking

pytestmark = pytest.mark.django_db
MODELS = list(apps.get_app_config("smsbat").get_models())
PHONE = "+380671112233"


class ReadsFromReplica:
    """Routes every read of the package to a database that has none of its tables."""

    def db_for_read(self, model, **hints):
        return "replica" if model._meta.app_label == "smsbat" else None

    def allow_relation(self, first, second, **hints):
        return True


@pytest.fixture
def replica():
    """A replica so far behind that it has no tables yet: any read of it fails."""
    connections.databases["replica"] = {
        **connections.databases["default"],
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {},
    }
    with override_settings(DATABASE_ROUTERS=[ReadsFromReplica()]):
        yield
    connections["replica"].close()
    del connections["replica"]
    del connections.databases["replica"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_reads_from_the_primary(model):
    assert isinstance(model._default_manager, PrimaryManager)
    assert isinstance(model._base_manager, PrimaryManager)


def test_a_project_can_still_name_the_replica(replica):
    assert Message.objects.using("replica").db == "replica"


def test_a_single_message_is_sent_once_and_returned_with_its_outcome(replica, smsbat):
    message = send(Sms(to=PHONE, text="Hi"), idempotency_key="order-1")
    again = send(Sms(to=PHONE, text="Hi"), idempotency_key="order-1")
    assert message.status == "accepted"
    assert again.pk == message.pk
    assert len(smsbat.sent_to(PHONE)) == 1


def test_an_opt_out_by_keyword_counts(replica, smsbat):
    send(Sms(to=PHONE, text="Hi"))
    smsbat.write_back(PHONE, "STOP")
    assert Recipient.objects.get(phone=PHONE).opted_out_at is not None


def test_a_phone_is_verified(replica, smsbat):
    started = verification.start(PHONE, "sms", purpose="login")
    [sent] = smsbat.sent_to(PHONE)
    assert checking.check(started.id, sent.code, purpose="login")


def test_a_campaign_is_launched_and_sent(replica, smsbat):
    recipient = Recipient.objects.create(phone=PHONE, name="Olena", attributes={"city": "Kyiv"})
    customers = RecipientList.objects.create(name="Customers")
    customers.recipients.add(recipient)
    campaign = Campaign.objects.create(name="Sale", type="sms", text="Hi {{ name }}")
    campaign.lists.set([customers])
    assert preflight.look(campaign).recipients == 1
    lifecycle.launch(campaign)
    smsbat.run_workers()
    campaign.refresh_from_db()
    assert campaign.status == "sent"
    assert campaign.messages.get().recipient.name == "Olena"


@pytest.mark.usefixtures("replica")
def test_relations_and_memberships_are_read_from_the_primary():
    recipient = Recipient.objects.create(phone=PHONE)
    customers = RecipientList.objects.create(name="Customers")
    recipient.lists.add(customers)
    assert list(recipient.lists.all()) == [customers]
    assert list(customers.recipients.values_list("phone", flat=True)) == [PHONE]
    assert memberships().count() == 1
