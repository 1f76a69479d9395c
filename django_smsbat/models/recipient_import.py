"""The progress of a recipient import, so that an interrupted import can resume."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.recipient import RecipientList


class RecipientImport(PrimaryModel):
    """The import of one file into one list; no list if the file contains opt-outs.

    Attributes:
        digest: digest of the file's content and of its column assignments.
        rows_done: number of the last committed row, numbered as in a spreadsheet.
        counts: number of rows so far, by result.
    """

    list = models.ForeignKey(
        RecipientList, on_delete=models.CASCADE, related_name="imports", null=True
    )
    digest = models.CharField(max_length=64)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(PrimaryModel.Meta):
        verbose_name = "import of recipients"
        constraints = [
            models.UniqueConstraint(fields=["list", "digest"], name="smsbat_import_once"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.list}"
