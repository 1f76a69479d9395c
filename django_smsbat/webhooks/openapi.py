"""Describe the webhooks for drf-spectacular, if the project uses it (extra ``[openapi]``)."""

from typing import Any, Final

from django.urls import path
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiViewExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

import django_smsbat
from django_smsbat.endpoints.json_format import BODY_MAX
from django_smsbat.gateway.auth import KEY_HEADER
from django_smsbat.webhooks.views import InboundView, StatusView

_DETAIL: Final = inline_serializer("Told", {"detail": serializers.CharField()})
_ANSWERS: Final = {
    200: OpenApiResponse(_DETAIL, description="Stored, or known already."),
    400: OpenApiResponse(dict, description="Malformed; the body names the fields."),
    401: OpenApiResponse(_DETAIL, description="No valid secret."),
    413: OpenApiResponse(_DETAIL, description=f"Larger than {BODY_MAX:,} bytes."),
    415: OpenApiResponse(_DETAIL, description="Not application/json."),
    503: OpenApiResponse(
        _DETAIL,
        description="Not stored: storing failed, or too many came within an hour.",
    ),
}


class SecretScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The secret as Basic password, or in a header."""

    target_class = "django_smsbat.webhooks.authentication.WebhookSecret"
    name = ["smsbatBasic", "smsbatKey"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "basic"},
            {"type": "apiKey", "in": "header", "name": KEY_HEADER},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Return both schemes as alternatives."""
        return [{name: []} for name in self.name]


class _Schema(AutoSchema):
    """Describes a webhook by its plain path only: a path with the secret must not be published."""

    def is_excluded(self) -> bool:
        return "{" in self.path

    def get_request_serializer(self) -> Any:
        return getattr(self.view, "serializer_class", None)

    def get_response_serializers(self) -> Any:
        return _ANSWERS


def _described(view: Any, what: str) -> Any:
    class Described(view):  # type: ignore[misc]
        schema = _Schema()

        def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
            return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]

        post.__doc__ = what

    return Described


class InboundDescription(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "django_smsbat.webhooks.views.InboundView"

    def view_replacement(self) -> Any:
        return _described(self.target_class, "A message that a recipient wrote")


class StatusDescription(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    target_class = "django_smsbat.webhooks.views.StatusView"

    def view_replacement(self) -> Any:
        return _described(self.target_class, "What became of a message")


def document() -> dict[str, Any]:
    """Return an OpenAPI document of the two webhooks alone, under ``/smsbat/``."""
    views = {"inbound": InboundView, "status": StatusView}
    patterns = [path(f"smsbat/{name}/", view.as_view()) for name, view in views.items()]
    generator: Any = SchemaGenerator
    schema: dict[str, Any] = generator(patterns=patterns).get_schema(public=True)
    schema["info"] = {"title": "django-smsbat webhooks", "version": django_smsbat.__version__}
    return schema
