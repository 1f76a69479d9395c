"""The base class of the webhooks and of the verification API."""

from collections.abc import Sequence
from typing import Any, Final

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request, is_form_media_type
from rest_framework.settings import DEFAULTS, IMPORT_STRINGS, APISettings
from rest_framework.views import APIView

from django_smsbat.endpoints.errors import error_response
from django_smsbat.endpoints.json_format import JSONObjectParser, JSONOnly, PlainJSONRenderer
from django_smsbat.endpoints.public import PublicView

# DRF reads settings without a class attribute, such as EXCEPTION_HANDLER, through
# `APIView.settings`. These are DRF's defaults, without the project's REST_FRAMEWORK.
_OWN_SETTINGS: Final = APISettings({"EXCEPTION_HANDLER": error_response}, DEFAULTS, IMPORT_STRINGS)


class JSONEndpoint(PublicView, APIView):
    """An endpoint that accepts POST with a JSON object and returns JSON.

    It sets every DRF policy, so that the project's REST_FRAMEWORK has no effect. Only the schema
    class is the project's: it describes the endpoint and takes no part in a request.
    """

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (JSONObjectParser,)
    renderer_classes = (PlainJSONRenderer,)
    content_negotiation_class = JSONOnly
    metadata_class = None
    versioning_class = None
    settings = _OWN_SETTINGS
    http_method_names = ["post"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # If a middleware has read `request.POST`, DRF treats the body of a form as empty.
        if is_form_media_type(request.content_type):
            raise UnsupportedMediaType(request.content_type)

    def perform_authentication(self, request: Request) -> None:
        """Do not access `request.user`: DRF would import the project's UNAUTHENTICATED_USER."""
