"""Folders of the repository, for tests that read files or start programs."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PACKAGE: Final = ROOT / "django_smsbat"
DOCS: Final = ROOT / "docs"
FIXTURES: Final = ROOT / "tests" / "fixtures" / "protocol"
