"""Recipients from files: CSV and XLSX of any size, row by row, resumable."""

from django_smsbat.services.recipients.imports.columns import InvalidAssignment, UnknownColumns
from django_smsbat.services.recipients.imports.importer import ImportResult, import_file
from django_smsbat.services.recipients.imports.opening import Reading
from django_smsbat.services.recipients.imports.preview import ImportPreview, preview
from django_smsbat.services.recipients.imports.readers import UnreadableTable

__all__ = [
    "ImportPreview",
    "ImportResult",
    "InvalidAssignment",
    "Reading",
    "UnknownColumns",
    "UnreadableTable",
    "import_file",
    "preview",
]
