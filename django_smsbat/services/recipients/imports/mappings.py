"""Column mappings: remembered for files with the same headings."""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final

from django_smsbat.models import ColumnMapping

_DIGEST_BYTES: Final = 32


def remembered(headings: Sequence[str]) -> list[str]:
    """The assignments that were chosen last for these headings; empty if there are none."""
    found = ColumnMapping.objects.filter(headings_digest=_digest(headings)).first()
    return list(found.columns) if found else []


def remember(headings: Sequence[str], columns: Sequence[str], login: str, now: datetime) -> None:
    """Propose these assignments for the next file with the same headings."""
    chosen = {"columns": list(columns), "updated_by": login, "updated_at": now}
    ColumnMapping.objects.update_or_create(headings_digest=_digest(headings), defaults=chosen)


def _digest(headings: Sequence[str]) -> str:
    text = json.dumps([heading.strip() for heading in headings])
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
