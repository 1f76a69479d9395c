"""Remove a secret from a webhook's path before a view, a log or an error report can show it.

The text after ``inbound/`` or ``status/`` counts as a secret even if the settings allow none there:
an operator may have entered such a URL by mistake.
"""

from typing import Any, Final

from django.http import HttpRequest

from django_smsbat.webhooks.masking import MASK, masked, pattern_of

# The arguments of this package's URL patterns that may contain the secret.
ARGUMENTS: Final = ("secret", "smsbat_rest")
_ATTRIBUTE: Final = "_smsbat_path_secret"
# Keys under which servers store the path of a request, decoded or raw.
_META_KEYS: Final = (
    *("PATH_INFO", "PATH_TRANSLATED", "RAW_PATH", "RAW_URI", "REQUEST_URI", "SCRIPT_URI"),
    *("SCRIPT_URL", "UNENCODED_URL", "HTTP_X_FORWARDED_URI", "HTTP_X_ORIGINAL_URI"),
    *("HTTP_X_ORIGINAL_URL", "HTTP_X_REWRITE_URL"),
)
_SCOPE_KEYS: Final = ("path", "raw_path")


def take(request: HttpRequest, arguments: dict[str, Any]) -> None:
    """Store the secret from the path for `taken`, and mask it everywhere else.

    Args:
        arguments: those of the view; the ones that may contain the secret are removed.
    """
    values = [str(arguments.pop(name, "") or "").strip("/") for name in ARGUMENTS]
    secret = next(filter(None, values), "")
    setattr(request, _ATTRIBUTE, secret)
    if secret:
        _mask(request, secret)


def taken(request: Any) -> str:
    """Return the secret from the path of a request; empty if there was none."""
    return str(getattr(request, _ATTRIBUTE, ""))


def _mask(request: HttpRequest, secret: str) -> None:
    pattern = pattern_of([secret])
    if pattern is None:
        return
    request.path = masked(request.path, pattern)
    request.path_info = masked(request.path_info, pattern)
    # The server's own dict: it writes its access log from it.
    for names in (request.META, getattr(request, "scope", {})):
        for key in (*_META_KEYS, *_SCOPE_KEYS):
            value = names.get(key)
            if isinstance(value, str):
                names[key] = masked(value, pattern)
            elif isinstance(value, bytes):
                names[key] = masked(value.decode("latin-1"), pattern).encode("latin-1")
    match = request.resolver_match
    for name in ("kwargs", "captured_kwargs"):
        captured = getattr(match, name, None) or {}
        captured.update({name: MASK for name in ARGUMENTS if name in captured})
