"""The views `inbound/` and `status/`: authenticate, parse, call one service, respond.

A callback gets a 5xx only if it was not stored, because storing failed or the hourly limit was
reached: after a 503, SMSBAT sends it again.
"""

import logging
from functools import wraps
from math import ceil
from typing import Any, ClassVar

from django.db import Error as AnyDatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from django_smsbat.endpoints.json_endpoint import JSONEndpoint
from django_smsbat.gateway.private_frames import private_view
from django_smsbat.services.callback_limits import LimitReached
from django_smsbat.services.inbound import receive
from django_smsbat.services.tracking import recorder
from django_smsbat.webhooks import path_secret
from django_smsbat.webhooks.authentication import WebhookSecret
from django_smsbat.webhooks.serializers import InboundSerializer, StatusSerializer

logger = logging.getLogger("django_smsbat")


class _Webhook(JSONEndpoint):
    """Base class of both webhooks."""

    authentication_classes = (WebhookSecret,)
    account: str
    serializer_class: ClassVar[type[Serializer[Any]]]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view function; it first removes the secret from the path."""
        view = super().as_view(**initkwargs)

        @wraps(view)
        def entry(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            path_secret.take(request, kwargs)
            return view(request, *args, **kwargs)

        return private_view(entry)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        # SMSBAT repeats refused callbacks: Django must not log a line for each of them.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    def perform_authentication(self, request: Request) -> None:
        """Set the account that the secret belongs to.

        Not through `request.user`: there is no user, and the project's middleware may read its own.
        """
        _user, self.account = WebhookSecret().authenticate(request)

    def post(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        serializer = self.serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            self.store(serializer, self.account)
        except LimitReached as reached:
            body = {"detail": "Too many of these came within an hour; send it again later."}
            headers = {"Retry-After": str(ceil(reached.retry_after))}
            return Response(body, status.HTTP_503_SERVICE_UNAVAILABLE, headers=headers)
        except AnyDatabaseError as error:
            logger.error("a callback could not be stored: %s", type(error).__name__)
            body = {"detail": "It could not be stored; send it again."}
            return Response(body, status=status.HTTP_503_SERVICE_UNAVAILABLE)
        return Response({"detail": "Stored."})

    def store(self, serializer: Any, account: str) -> None:
        """Pass the validated data to a service, for that account."""
        raise NotImplementedError


class InboundView(_Webhook):
    """Incoming messages."""

    serializer_class = InboundSerializer

    def store(self, serializer: InboundSerializer, account: str) -> None:
        receive.receive(serializer.incoming(account))


class StatusView(_Webhook):
    """Delivery reports."""

    serializer_class = StatusSerializer

    def store(self, serializer: StatusSerializer, account: str) -> None:
        recorder.record([serializer.report(account)], timezone.now())
