"""The column assignments of earlier files, proposed for the next file with the same headings."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel


class ColumnMapping(PrimaryModel):
    """The columns that a user chose for files with these headings.

    Attributes:
        headings_digest: digest of the headings in their order. The headings are not stored: in a
            file without headings, the first row is personal data.
        columns: assignments such as ``phone=#2``.
    """

    headings_digest = models.CharField(max_length=64, unique=True)
    columns = models.JSONField(default=list)
    updated_by = models.CharField(max_length=150)
    updated_at = models.DateTimeField()

    class Meta(PrimaryModel.Meta):
        verbose_name = "column mapping"

    def __str__(self) -> str:
        return f"#{self.pk}"
