"""Recipients out of files: CSV and XLSX of any size, row by row, resumable."""

from django_smsbat.services.importing.columns import UnknownColumns
from django_smsbat.services.importing.importer import Result, import_file
from django_smsbat.services.importing.tables import UnreadableTable

__all__ = ["Result", "UnknownColumns", "UnreadableTable", "import_file"]
