"""Column mappings: remembered for files with the same headings."""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final

from django_smsbat.models import ColumnMapping

_DIGEST_BYTES: Final = 32


def remembered(headings: Sequence[str]) -> list[str]:
    """Return the last chosen assignments for these headings; empty if there are none."""
    mapping = ColumnMapping.objects.filter(headings_digest=_digest(headings)).first()
    return list(mapping.columns) if mapping else []


def remember(headings: Sequence[str], columns: Sequence[str], login: str, now: datetime) -> None:
    """Store these assignments as the proposal for the next file with the same headings."""
    chosen = {"columns": list(columns), "updated_by": login, "updated_at": now}
    ColumnMapping.objects.update_or_create(headings_digest=_digest(headings), defaults=chosen)


def _digest(headings: Sequence[str]) -> str:
    text = json.dumps([heading.strip() for heading in headings])
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
