"""Django models: columns and read access only. They contain no rules and send no requests."""

from django_smsbat.models.backoff import Backoff
from django_smsbat.models.callback_quota import CallbackQuota
from django_smsbat.models.campaign import Campaign, CampaignStatus
from django_smsbat.models.column_mapping import ColumnMapping
from django_smsbat.models.consent import ConsentChange, ConsentSource, Suppression
from django_smsbat.models.fallback_email import EmailState, FallbackEmail
from django_smsbat.models.heartbeat import Heartbeat, HeartbeatName
from django_smsbat.models.idempotency import IdempotencyKey
from django_smsbat.models.inbound import InboundMessage
from django_smsbat.models.message import Message
from django_smsbat.models.preflight import Preflight
from django_smsbat.models.purged import PurgedMessages
from django_smsbat.models.recipient import Recipient, RecipientList, memberships
from django_smsbat.models.recipient_import import RecipientImport
from django_smsbat.models.status_event import Source, StatusEvent
from django_smsbat.models.upload import RecipientUpload, UploadPart, UploadState
from django_smsbat.models.verification import (
    Channel,
    ClosedPrefix,
    Verification,
    VerificationCounter,
    VerificationStatus,
)

__all__ = [
    "Backoff",
    "CallbackQuota",
    "Campaign",
    "CampaignStatus",
    "Channel",
    "ClosedPrefix",
    "ColumnMapping",
    "ConsentChange",
    "ConsentSource",
    "EmailState",
    "FallbackEmail",
    "Heartbeat",
    "HeartbeatName",
    "IdempotencyKey",
    "InboundMessage",
    "Message",
    "Preflight",
    "PurgedMessages",
    "Recipient",
    "RecipientImport",
    "RecipientList",
    "RecipientUpload",
    "Source",
    "StatusEvent",
    "Suppression",
    "UploadPart",
    "UploadState",
    "Verification",
    "VerificationCounter",
    "VerificationStatus",
    "memberships",
]
