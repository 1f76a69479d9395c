"""A recipient file uploaded in the admin, until it is imported.

The file is stored in the database: the worker that imports it may run on another machine, and a web
server may publish an upload folder.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.primary import PrimaryModel


class UploadState(models.TextChoices):
    """The progress of an upload."""

    LOOKED_AT = "looked_at", _("waits for your word")
    QUEUED = "queued", _("waits for a worker")
    RUNNING = "running", _("is being imported")
    DONE = "done", _("imported")
    FAILED = "failed", _("failed")


class RecipientUpload(PrimaryModel):
    """One uploaded file.

    Attributes:
        rows: number of imported rows.
        counts: number of rows by result.
        failure: why it failed, as a sentence for users.
        attempts: number of import attempts since the last completed chunk.
        claim, beat_at: the worker that imports it, and the time of its last heartbeat.
        columns: column assignments such as ``phone=#2``.
        encoding: chosen by the user who imports; empty to detect it.
        is_opt_out: every person in the file opts out; there is no list.
        preview: the effect of the import on the first rows, until it is confirmed.
    """

    list_name = models.CharField(max_length=200, blank=True)
    columns = models.JSONField(default=list)
    encoding = models.CharField(max_length=32, blank=True)
    is_opt_out = models.BooleanField(default=False)
    preview = models.JSONField(default=dict)
    file_name = models.CharField(max_length=200)
    state = models.CharField(
        max_length=16, choices=UploadState.choices, default=UploadState.LOOKED_AT
    )
    rows = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    failure = models.TextField(blank=True)
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(PrimaryModel.Meta):
        verbose_name = "upload of recipients"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"#{self.pk} {self.file_name}"


class UploadPart(PrimaryModel):
    """A chunk of the file, or of its rejects file, small enough for any database."""

    upload = models.ForeignKey(RecipientUpload, on_delete=models.CASCADE, related_name="parts")
    is_rejects = models.BooleanField(default=False)
    place = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta(PrimaryModel.Meta):
        verbose_name = "part of an upload"
        constraints = [
            models.UniqueConstraint(
                fields=["upload", "is_rejects", "place"], name="smsbat_upload_part"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
