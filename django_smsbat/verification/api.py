"""The same for programs, by Django REST framework: ``POST`` a phone, ``POST`` a code.

Open to everybody, since nobody is known yet: the limits of the services stand in for throttles.
"""

import logging
from collections.abc import Mapping
from math import ceil
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from rest_framework import ISO_8601, serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from django_smsbat.conf import current
from django_smsbat.endpoints.json_endpoint import JSONEndpoint
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import Channel, VerificationStatus
from django_smsbat.services.verification.checking import check
from django_smsbat.services.verification.refusals import NotStarted
from django_smsbat.services.verification.starting import start
from django_smsbat.verification.requester import SendsCodes
from django_smsbat.verification.sentences import NOT_VERIFIED, why_not_started, why_not_verified

logger = logging.getLogger("django_smsbat")


class StartSerializer(serializers.Serializer[Any]):
    """What is asked for, and what is answered."""

    phone = serializers.CharField(max_length=32, write_only=True)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    id = serializers.UUIDField(read_only=True)
    code_length = serializers.IntegerField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True, format=ISO_8601)
    again_after = serializers.SerializerMethodField()

    def validate_channel(self, channel: str) -> str:
        """Refuse a channel that the view does not offer."""
        offered = self.context["view"].offered()
        if channel not in offered:
            raise serializers.ValidationError(f"Must be one of {', '.join(offered)}.")
        return channel

    def get_again_after(self, _made: object) -> int:
        """Seconds after which another code may be asked for."""
        return current().verify_cooldown


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=32, write_only=True)
    status = serializers.CharField(read_only=True)
    phone = serializers.CharField(read_only=True)
    proof = serializers.CharField(read_only=True)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class _Open(JSONEndpoint, GenericAPIView[Any]):
    filter_backends = ()
    pagination_class = None
    purpose = ""

    def validated(self, request: Request) -> Any:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class StartView(SendsCodes, _Open):
    """Send a code to a phone, or let it ring.

    201 with the `id` to check it by; 400 names what is wrong; 429 says when to ask again; 503 where
    it could not be sent, or where the site knows no address of who asks.
    """

    serializer_class = StartSerializer

    def post(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        try:
            made = start(**self._arguments(request))
        except ValidationError as error:
            return _refused(error)
        except NotStarted as error:
            return _not_started(error)
        except (InvalidMessage, ImproperlyConfigured) as error:
            return _invalid(error)
        if made.status == VerificationStatus.FAILED:
            return _failed()
        return Response(self.get_serializer(made).data, status.HTTP_201_CREATED)

    def _arguments(self, request: Request) -> dict[str, Any]:
        """What `start` takes. `post` keeps none of it, so that no error report shows the phone."""
        asked = self.validated(request)
        self.may_start(request, cast("Mapping[str, Any]", request.data))  # the parser takes objects
        return {
            "phone": asked["phone"],
            "channel": asked.get("channel") or self.offered()[0],
            "purpose": self.purpose,
            "address": self.requester_of(request),
        }


class CheckView(_Open):
    """Compare a code with the one that was sent.

    200 for the right one, with the phone and a proof for `take`; 400 for any other, with how many
    may still be tried; 404 where nothing was started by that id.
    """

    serializer_class = CodeSerializer

    @method_decorator(sensitive_variables())
    def post(self, request: Request, pk: UUID, **_kwargs: Any) -> Response:
        checked = check(pk, self.validated(request)["code"], purpose=self.purpose)
        if checked:
            return Response(
                {
                    "status": VerificationStatus.VERIFIED.value,
                    "phone": checked.phone,
                    "proof": checked.proof,
                }
            )
        told = {
            "code": [why_not_verified(checked)],
            "status": checked.status.value if checked.status else None,
            "attempts_left": checked.attempts_left,
        }
        unknown = checked.status is None
        answer = status.HTTP_404_NOT_FOUND if unknown else status.HTTP_400_BAD_REQUEST
        return Response(told, answer)


def _not_started(error: NotStarted) -> Response:
    """A number that is never allowed is wrong; whatever passes with time is too much."""
    told = {"detail": why_not_started(error), "reason": error.why.name.lower()}
    if error.retry_after is None:
        return Response({"phone": [told["detail"]], **told}, status.HTTP_400_BAD_REQUEST)
    headers = {"Retry-After": str(max(1, ceil(error.retry_after)))}
    return Response(told, status.HTTP_429_TOO_MANY_REQUESTS, headers=headers)


def _refused(error: ValidationError) -> Response:
    """By the guard: at the fields that it names."""
    fields = error.message_dict if hasattr(error, "error_dict") else {}
    told = {"detail": " ".join(error.messages), "reason": "guard"}
    return Response({**fields, **told}, status.HTTP_400_BAD_REQUEST)


def _invalid(error: InvalidMessage | ImproperlyConfigured) -> Response:
    """A wrong phone is the client's; of everything else the site's own people read the log."""
    if isinstance(error, InvalidMessage) and error.field == "phone":
        return Response({"phone": [error.reason]}, status.HTTP_400_BAD_REQUEST)
    logger.error("no code can be sent: %s", error)
    return _failed()


def _failed() -> Response:
    told = {"detail": str(NOT_VERIFIED[VerificationStatus.FAILED])}
    return Response(told, status.HTTP_503_SERVICE_UNAVAILABLE)
