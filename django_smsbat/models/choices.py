"""Labels for the gateway's enumerations. A test checks that each table is complete."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.statuses import Status

STATUS_LABELS: Final[dict[Status, Promise]] = {
    Status.QUEUED: _("queued"),
    Status.SENDING: _("sending"),
    Status.UNCONFIRMED: _("unconfirmed"),
    Status.ACCEPTED: _("accepted"),
    Status.SCHEDULED: _("scheduled"),
    Status.PROCESSING: _("processing"),
    Status.SENT: _("sent"),
    Status.REJECTED: _("rejected"),
    Status.CANCELLED: _("cancelled"),
    Status.UNDELIVERABLE: _("undeliverable"),
    Status.EXPIRED: _("expired"),
    Status.FAILED: _("failed"),
    Status.DELIVERED: _("delivered"),
    Status.READ: _("read"),
}

TYPE_LABELS: Final[dict[MessageType, Promise]] = {
    MessageType.SMS: _("SMS"),
    MessageType.VIBER_PROMO: _("Viber, promotional"),
    MessageType.VIBER_TRANSACTIONAL: _("Viber, transactional"),
    MessageType.VIBER_CAROUSEL: _("Viber carousel"),
    MessageType.VIBER_SURVEY: _("Viber survey"),
    MessageType.VIBER_OTP: _("Viber one-time code"),
    MessageType.RCS: _("RCS"),
    MessageType.FLASH_CALL: _("Flash call"),
}


def status_choices() -> list[tuple[str, Promise]]:
    return [(status.value, label) for status, label in STATUS_LABELS.items()]


def type_choices() -> list[tuple[str, Promise]]:
    return [(kind.value, label) for kind, label in TYPE_LABELS.items()]
