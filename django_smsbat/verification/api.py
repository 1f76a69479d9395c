"""Phone verification for programs, with Django REST framework: ``POST`` a phone, ``POST`` a code.

The endpoints are open to anonymous clients: the limits of the services replace throttles.
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
    """The request and the response of `StartView`."""

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

    def get_again_after(self, _verification: object) -> int:
        """Return the seconds after which another code may be requested."""
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
    """Send a code to a phone, or call it.

    201 with the `id` to check the code with; 400 names the invalid field; 429 states when to retry;
    503 if the code could not be sent, or if the site cannot determine the client's address.
    """

    serializer_class = StartSerializer

    def post(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        try:
            verification = start(**self._arguments(request))
        except ValidationError as error:
            return _refused(error)
        except NotStarted as error:
            return _not_started(error)
        except (InvalidMessage, ImproperlyConfigured) as error:
            return _invalid(error)
        if verification.status == VerificationStatus.FAILED:
            return _failed()
        return Response(self.get_serializer(verification).data, status.HTTP_201_CREATED)

    def _arguments(self, request: Request) -> dict[str, Any]:
        """Return the arguments of `start`. `post` stores none: error reports show its variables."""
        data = self.validated(request)
        self.may_start(request, cast("Mapping[str, Any]", request.data))  # the parser takes objects
        return {
            "phone": data["phone"],
            "channel": data.get("channel") or self.offered()[0],
            "purpose": self.purpose,
            "address": self.requester_of(request),
        }


class CheckView(_Open):
    """Compare a code with the one that was sent.

    200 for the right code, with the phone and a proof for `take`; 400 for any other, with the
    number of attempts left; 404 if there is no verification with that id.
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
        body = {
            "code": [why_not_verified(checked)],
            "status": checked.status.value if checked.status else None,
            "attempts_left": checked.attempts_left,
        }
        unknown = checked.status is None
        answer = status.HTTP_404_NOT_FOUND if unknown else status.HTTP_400_BAD_REQUEST
        return Response(body, answer)


def _not_started(error: NotStarted) -> Response:
    """Respond with 400 to a number that is never allowed, and with 429 to a temporary refusal."""
    body = {"detail": why_not_started(error), "reason": error.why.name.lower()}
    if error.retry_after is None:
        return Response({"phone": [body["detail"]], **body}, status.HTTP_400_BAD_REQUEST)
    headers = {"Retry-After": str(max(1, ceil(error.retry_after)))}
    return Response(body, status.HTTP_429_TOO_MANY_REQUESTS, headers=headers)


def _refused(error: ValidationError) -> Response:
    """Respond to a refusal by the guard, with errors for the fields that it names."""
    fields = error.message_dict if hasattr(error, "error_dict") else {}
    body = {"detail": " ".join(error.messages), "reason": "guard"}
    return Response({**fields, **body}, status.HTTP_400_BAD_REQUEST)


def _invalid(error: InvalidMessage | ImproperlyConfigured) -> Response:
    """Report a wrong phone to the client; log everything else for the site's operators."""
    if isinstance(error, InvalidMessage) and error.field == "phone":
        return Response({"phone": [error.reason]}, status.HTTP_400_BAD_REQUEST)
    logger.error("no code can be sent: %s", error)
    return _failed()


def _failed() -> Response:
    body = {"detail": str(NOT_VERIFIED[VerificationStatus.FAILED])}
    return Response(body, status.HTTP_503_SERVICE_UNAVAILABLE)
