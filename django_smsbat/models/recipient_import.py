"""How far the import of a file of recipients has come, so that a killed one goes on."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.recipient import RecipientList


class RecipientImport(PrimaryModel):
    """One file into one list; into no list if it holds opt-outs.

    Attributes:
        digest: of the file's content and of how its columns are read.
        rows_done: the number of the last row, as a spreadsheet counts, that is committed.
        counts: what became of the rows so far, by word.
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
