"""The Django admin: campaigns and their actions, recipients, and the record of messages.

The admin translates, calls one service and reports the result. Every action checks its own
permission.
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
