"""Validate the bodies of SMSBAT's callbacks and convert them for the services."""

from typing import Any, Final

from rest_framework import serializers

from django_smsbat.gateway.answers import read_report
from django_smsbat.models import Source
from django_smsbat.services import clock
from django_smsbat.services.inbound.receive import Incoming
from django_smsbat.services.tracking.events import Report
from django_smsbat.webhooks.fields import LenientMoment, LenientText, Moment

_SENDER_MAX: Final = 64  # characters


class InboundSerializer(serializers.Serializer[Any]):
    """``{"idUuid", "alphaName", "phoneNumber", "text", "dt"}``; the phone has no plus.

    Only `idUuid` and `phoneNumber` are required: a sticker or a picture may bring no text. Without
    a readable `dt` the message counts as written when it is received.
    """

    idUuid = serializers.CharField(max_length=64)
    alphaName = LenientText(most=_SENDER_MAX, trim=True)
    phoneNumber = serializers.CharField(max_length=32)
    text = LenientText()
    dt = LenientMoment()

    def incoming(self, account: str) -> Incoming:
        data = self.validated_data
        return Incoming(
            account=account,
            id_uuid=data["idUuid"],
            alpha_name=data["alphaName"],
            phone=data["phoneNumber"],
            text=data["text"],
            received_at=data["dt"] or clock.moment(),
            payload=dict(self.initial_data),
        )


class StatusSerializer(serializers.Serializer[Any]):
    """``{"messageId", "deliverystatus", "timestamp", "cost"}``; the last two may be missing.

    Other fields, such as `billAmount` or `fallbacks`, are stored and read as in a status request.
    """

    messageId = serializers.CharField(max_length=64)
    deliverystatus = serializers.CharField(max_length=64)
    timestamp = Moment()

    def report(self, account: str) -> Report:
        report = read_report(self.initial_data)
        return Report(
            source=Source.CALLBACK,
            status=report.status,
            raw_status=self.validated_data["deliverystatus"],
            payload=dict(self.initial_data),
            occurred_at=self.validated_data["timestamp"],
            smsbat_id=self.validated_data["messageId"],
            account=account,
        )
