"""The client that requests a code: its address for the limits, and the guard that may refuse."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_smsbat import conf
from django_smsbat.services.verification.channels import OffersChannels


class SendsCodes(OffersChannels):
    """Mixin of the page and the API that send codes.

    Attributes:
        purpose: what the phone is verified for.
    """

    purpose = ""

    def address_of(self, request: Any) -> str:
        """Return the address that limits count. Override it behind a proxy: it is the proxy's."""
        return str(request.META.get("REMOTE_ADDR") or "")

    def may_start(self, request: Any, data: Mapping[str, Any]) -> None:
        """Refuse to send a code before anything is stored or sent. Calls `VERIFY_GUARD`.

        Args:
            request: Django's, or in the API that of Django REST framework.
            data: the posted data, with all its fields: ``request.POST``, or the JSON object.

        Raises:
            ValidationError: Django's; with a dict it names the field.
        """
        if path := conf.current().verify_guard:
            guard: Callable[[Any, Mapping[str, Any]], object] = import_string(path)
            guard(request, data)

    def requester_of(self, request: Any) -> str:
        """Return the client's address.

        Raises:
            ImproperlyConfigured: if there is none. No limit would apply to any visitor.
        """
        if address := (self.address_of(request) or "").strip():
            return address
        raise ImproperlyConfigured(
            "REMOTE_ADDR is empty, as on a Unix socket, so that no limit by address would apply; "
            "set it in a middleware from a header of your proxy, or override address_of of the "
            "views (howto/proxy)"
        )
