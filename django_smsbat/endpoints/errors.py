"""The exception handler of this package's endpoints, which depend on exact status codes."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response


def error_response(error: Exception, context: Any) -> Response | None:
    """Return the response to a refused request; None for an unexpected exception.

    Unlike DRF's handler, it marks no transaction for rollback: changes that a service has
    committed, such as a failed attempt at a code, are kept.
    """
    refusal = _as_api_exception(error)
    if refusal is None:
        return None
    data = refusal.detail if isinstance(refusal.detail, list | dict) else {"detail": refusal.detail}
    return Response(data, status=refusal.status_code, headers=_headers(refusal))


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    return error if isinstance(error, exceptions.APIException) else None


def _headers(refusal: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(refusal, "auth_header", None):
        headers["WWW-Authenticate"] = str(auth_header)
    if wait := getattr(refusal, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers
