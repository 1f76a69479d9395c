"""The JSON parser, renderer and content negotiation of this package's endpoints."""

from typing import Any, Final

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer

from django_smsbat.gateway.answers import parse_json

BODY_MAX: Final = (
    65_536  # bytes; a report has about 200, the longest incoming message a few thousand
)


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {BODY_MAX:,} bytes."
    default_code = "too_large"


class JSONObjectParser(BaseParser):
    """Parses a JSON object like the gateway: exact decimals, U+FFFD for NUL and lone surrogates."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = self._read(stream)
        try:
            parsed = parse_json(body)
        except ValueError:
            raise ParseError("The body is not valid JSON, or is nested too deeply.") from None
        if not isinstance(parsed, dict):
            raise ParseError("The body must be a JSON object.")
        return parsed

    @staticmethod
    def _read(stream: Any) -> bytes:
        try:
            body: bytes = stream.read(BODY_MAX + 1)
        except OSError:  # the client closed the connection
            raise ParseError("The body ended early.") from None
        if len(body) > BODY_MAX:
            raise BodyTooLarge
        return body


class PlainJSONRenderer(JSONRenderer):
    """Renders JSON independently of the project's ``*_JSON`` settings."""

    ensure_ascii = False
    compact = True
    strict = True


class JSONOnly(BaseContentNegotiation):
    """Always responds with JSON, whatever the `Accept` header, and parses only JSON bodies."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Any, renderers: Any, format_suffix: Any = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
