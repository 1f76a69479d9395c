"""The bodies of SMSBAT's callbacks, checked and turned into what the services take."""

from datetime import UTC, datetime
from typing import Any, Final

from rest_framework import serializers

from django_smsbat.gateway.answers import read_report
from django_smsbat.models import Source
from django_smsbat.services.event_store import Report
from django_smsbat.services.inbound import Incoming

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_TEXT_MAX: Final = 20_000  # characters


def _sane_moment(moment: datetime) -> None:
    if not _EARLIEST <= moment < _LATEST:
        raise serializers.ValidationError("Give a moment of this century.")


def _moment(**kwargs: Any) -> serializers.DateTimeField:
    return serializers.DateTimeField(
        default_timezone=UTC, input_formats=["iso-8601"], validators=[_sane_moment], **kwargs
    )


class InboundSerializer(serializers.Serializer[Any]):
    """``{"idUuid", "alphaName", "phoneNumber", "text", "dt"}``; the phone has no plus."""

    idUuid = serializers.CharField(max_length=64)
    alphaName = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    phoneNumber = serializers.CharField(max_length=32)
    text = serializers.CharField(
        max_length=_TEXT_MAX, allow_blank=True, trim_whitespace=False, default=""
    )
    dt = _moment()

    def incoming(self, account: str) -> Incoming:
        data = self.validated_data
        return Incoming(
            account=account,
            id_uuid=data["idUuid"],
            alpha_name=data["alphaName"],
            phone=data["phoneNumber"],
            text=data["text"],
            received_at=data["dt"],
            payload=dict(self.initial_data),
        )


class StatusSerializer(serializers.Serializer[Any]):
    """``{"messageId", "deliverystatus", "timestamp", "cost"}``; the last two may be missing.

    What else is said, such as `billAmount` or `fallbacks`, is kept and read as in a status request.
    """

    messageId = serializers.CharField(max_length=64)
    deliverystatus = serializers.CharField(max_length=64)
    timestamp = _moment(required=False, allow_null=True, default=None)

    def report(self, account: str) -> Report:
        told = read_report(self.initial_data)
        return Report(
            source=Source.CALLBACK,
            status=told.status,
            raw_status=self.validated_data["deliverystatus"],
            payload=dict(self.initial_data),
            occurred_at=self.validated_data["timestamp"],
            smsbat_id=self.validated_data["messageId"],
            account=account,
        )
