"""The Django admin: campaigns with their controls, recipients, and the record of what happened.

Translates, calls one service, reports. Every action asks for its own permission.
"""

from django_smsbat.admin.campaigns.admin import CampaignAdmin
from django_smsbat.admin.inbound.admin import InboundMessageAdmin
from django_smsbat.admin.messages.admin import MessageAdmin, StatusEventAdmin
from django_smsbat.admin.recipients.admin import RecipientAdmin
from django_smsbat.admin.recipients.lists import RecipientListAdmin
from django_smsbat.admin.verification import ClosedPrefixAdmin, VerificationAdmin

__all__ = [
    "CampaignAdmin",
    "ClosedPrefixAdmin",
    "InboundMessageAdmin",
    "MessageAdmin",
    "RecipientAdmin",
    "RecipientListAdmin",
    "StatusEventAdmin",
    "VerificationAdmin",
]
