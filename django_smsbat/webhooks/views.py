"""`inbound/` and `status/`: refuse, read, hand to one service, answer.

Nothing that is sent here makes a 5xx; only storing that failed does, so that SMSBAT sends it again.
"""

import logging
from typing import Any, ClassVar

from django.db import Error as AnyDatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from django_smsbat.services import inbound, tracking
from django_smsbat.webhooks.authentication import WebhookSecret
from django_smsbat.webhooks.parsing import AnyAccept, WireJSONParser
from django_smsbat.webhooks.serializers import InboundSerializer, StatusSerializer

logger = logging.getLogger("django_smsbat")


class _Webhook(APIView):
    """What both doors share. Every policy is set here, whatever the project's DRF defaults are."""

    authentication_classes = (WebhookSecret,)
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (WireJSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AnyAccept
    versioning_class = None
    http_method_names = ["post"]
    serializer_class: ClassVar[type[Serializer[Any]]]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        # Django logs the path of what it refuses, and here the path may hold the secret.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    def post(self, request: Request, **_kwargs: Any) -> Response:
        serializer = self.serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            self.store(serializer, str(request.auth))
        except AnyDatabaseError as error:
            logger.error("a callback could not be stored: %s", type(error).__name__)
            body = {"detail": "It could not be stored; send it again."}
            return Response(body, status=status.HTTP_503_SERVICE_UNAVAILABLE)
        return Response({"detail": "Stored."})

    def store(self, serializer: Any, account: str) -> None:
        """Hand it to its service, as coming to that account."""
        raise NotImplementedError


class InboundView(_Webhook):
    """Incoming messages."""

    serializer_class = InboundSerializer

    def store(self, serializer: InboundSerializer, account: str) -> None:
        inbound.receive(serializer.incoming(account))


class StatusView(_Webhook):
    """Delivery reports."""

    serializer_class = StatusSerializer

    def store(self, serializer: StatusSerializer, account: str) -> None:
        tracking.record([serializer.report(account)], timezone.now())
