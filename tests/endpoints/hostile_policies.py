"""Policies that refuse or fail, named by the settings in `hostile`."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle


class Broken:
    """Fails on instantiation."""

    def __init__(self, *args, **kwargs):
        raise ZeroDivisionError


class RefusesAll(BaseAuthentication):
    def authenticate(self, request):
        raise AuthenticationFailed


class NeverNow(BaseThrottle):
    def allow_request(self, request, view):
        return False


class NothingFits(BaseContentNegotiation):
    def select_parser(self, request, parsers):
        return None

    def select_renderer(self, request, renderers, format_suffix=None):
        raise NotAcceptable


def broken(*args, **kwargs):
    raise ZeroDivisionError


def always_200(error, context):
    """The response envelope that many projects use."""
    return Response({"code": getattr(error, "status_code", 500), "data": None}, status=200)


def swallows(error, context):
    return None
