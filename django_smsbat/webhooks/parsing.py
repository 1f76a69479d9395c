"""What a body may be: JSON of moderate size, with exact numbers, and nothing else."""

from typing import Any, Final

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from django_smsbat.gateway.answers import parse_json

BODY_MAX: Final = (
    65_536  # bytes; a report takes some 200, the longest incoming message a few thousand
)


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {BODY_MAX:,} bytes."
    default_code = "too_large"


class WireJSONParser(BaseParser):
    """JSON as the gateway reads it: decimals stay exact, NUL and half pairs become U+FFFD."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read(BODY_MAX + 1)
        if len(body) > BODY_MAX:
            raise BodyTooLarge
        try:
            return parse_json(body)
        except ValueError:
            raise ParseError("The body is not valid JSON, or is nested too deeply.") from None


class AnyAccept(BaseContentNegotiation):
    """Answers are JSON whatever the caller would accept: a report is not refused for its header."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Any, renderers: Any, format_suffix: Any = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
