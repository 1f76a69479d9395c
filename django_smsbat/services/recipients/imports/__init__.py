"""Recipients out of files: CSV and XLSX of any size, row by row, resumable."""

from django_smsbat.services.recipients.imports.columns import UnknownColumns
from django_smsbat.services.recipients.imports.importer import Result, import_file
from django_smsbat.services.recipients.imports.readers import UnreadableTable

__all__ = ["Result", "UnknownColumns", "UnreadableTable", "import_file"]
