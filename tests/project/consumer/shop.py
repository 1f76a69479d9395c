"""A shop that uses the package."""

from django.dispatch import receiver

from django_smsbat import send
from django_smsbat.messages import Sms, ViberTransactional
from django_smsbat.models import Campaign, Message, Recipient, RecipientList
from django_smsbat.services import campaigns
from django_smsbat.signals import inbound_received, message_status_changed, phone_verified

delivered: list[int] = []
questions: list[str] = []
verified: list[str] = []


def ship(order: int, phone: str) -> Message:
    """Notify the customer, once for each order."""
    return send(
        ViberTransactional(
            to=phone,
            text=f"Your order {order} is on its way",
            fallback_text=f"Your order {order} is on its way",
        ),
        idempotency_key=f"order-{order}-shipped",
    )


def alarm(phone: str) -> Message:
    return send(Sms(to=phone, text="The door is open", ttl=300), queue=True)


def advertise(phones: list[str]) -> Campaign:
    everybody = RecipientList.objects.create(name="Everybody")
    for phone in phones:
        everybody.recipients.add(Recipient.objects.create(phone=phone, name="Friend"))
    campaign = Campaign.objects.create(
        name="Sale", type="viber_promo", text="{{ name }}, everything is cheaper today"
    )
    campaign.lists.add(everybody)
    campaigns.launch(campaign)
    return campaign


@receiver(message_status_changed)
def note_delivery(message, old_status, new_status, **kwargs):
    if new_status == "delivered":
        delivered.append(message.pk)


@receiver(inbound_received)
def note_question(inbound, **kwargs):
    questions.append(inbound.text)


@receiver(phone_verified)
def note_phone(verification, **kwargs):
    verified.append(verification.phone)
