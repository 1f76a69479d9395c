"""A file of recipients that somebody handed to the admin, until it is imported.

It is kept in the database: the worker that imports it may be on another machine, and a folder of
uploads may be one that a web server shows to everybody.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.primary import PrimaryModel


class UploadState(models.TextChoices):
    """How far it has come."""

    LOOKED_AT = "looked_at", _("waits for your word")
    QUEUED = "queued", _("waits for a worker")
    RUNNING = "running", _("is being imported")
    DONE = "done", _("imported")
    FAILED = "failed", _("failed")


class RecipientUpload(PrimaryModel):
    """One file.

    Attributes:
        rows: so many are imported.
        counts: what became of them, by word.
        failure: why it failed, a sentence for people.
        attempts: how often its import was begun since its last chunk was done.
        claim: which worker has it; beat_at: when that was last heard of.
        columns: what each column is taken for, as assignments such as ``phone=#2``.
        encoding: chosen by the person who imports; empty to detect it.
        is_opt_out: every person in the file opts out; then there is no list.
        preview: what the import would do with the first rows, until it is confirmed.
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
    """A piece of the file, or of the file of its rejects: none is too large for a database."""

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
