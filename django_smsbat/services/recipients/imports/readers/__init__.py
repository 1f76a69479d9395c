"""Read CSV files and workbooks as tables, row by row, with constant memory use.

The package is independent of recipients. `open_table` detects the format, the encoding and the
separator of a file. A broken row is returned with its problem; a file that is not a readable table
raises `UnreadableTable`.
"""

from django_smsbat.services.recipients.imports.readers.digest import digest_of
from django_smsbat.services.recipients.imports.readers.encodings import ENCODINGS
from django_smsbat.services.recipients.imports.readers.limits import Deadline, LimitExceeded
from django_smsbat.services.recipients.imports.readers.opening import open_table
from django_smsbat.services.recipients.imports.readers.separators import SEPARATORS
from django_smsbat.services.recipients.imports.readers.table import (
    CellError,
    Row,
    Table,
    TableFormat,
    UnreadableTable,
)

__all__ = [
    "ENCODINGS",
    "SEPARATORS",
    "CellError",
    "Deadline",
    "LimitExceeded",
    "Row",
    "Table",
    "TableFormat",
    "UnreadableTable",
    "digest_of",
    "open_table",
]
