"""Mask a webhook secret in paths and log lines, whatever its percent-encoding."""

import re
from collections.abc import Iterable
from typing import Final

MASK: Final = "***"


def pattern_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern that matches each of these secrets; None for no secrets.

    Each character matches plain or percent-encoded, once or repeatedly. Letter case is ignored: a
    proxy may have changed it. A longer secret precedes any secret that is its prefix.
    """
    known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
    if not known:
        return None
    return re.compile("|".join("".join(map(_any_form, one)) for one in known), re.IGNORECASE)


def _any_form(character: str) -> str:
    octets = character.encode(errors="surrogatepass")
    encoded = "".join(f"%(?:25)*{octet:02x}" for octet in octets)
    return f"(?:{re.escape(character)}|{encoded})"


def masked(text: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(MASK, text)
