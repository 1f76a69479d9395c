"""Recipients, for the code of a project: consent, erasure, the timeline of a phone number."""

from django_smsbat.models import Recipient
from django_smsbat.services.consent import changes
from django_smsbat.services.consent.changes import ConsentReason
from django_smsbat.services.recipients.timeline import Happening, history_of
from django_smsbat.services.retention.erase import Erased, erase

__all__ = ["Erased", "Happening", "erase", "opt_in", "opt_out", "timeline"]


def opt_out(recipient: Recipient, *, reason: str = "") -> bool:
    """Stop promotional messages to a recipient.

    Args:
        reason: stored with the change, at most 200 characters.

    Returns:
        Whether the recipient was opted in before.
    """
    return changes.opt_out(recipient, ConsentReason(reason=reason))


def opt_in(recipient: Recipient, *, reason: str = "") -> bool:
    """Allow promotional messages to a recipient again.

    Args:
        reason: stored with the change, at most 200 characters.

    Returns:
        Whether the recipient was opted out before.
    """
    return changes.opt_in(recipient, ConsentReason(reason=reason))


def timeline(phone: str) -> list[Happening]:
    """Everything about a phone number, newest first: messages, replies, consent, exclusions.

    Args:
        phone: in E.164.
    """
    return history_of(phone, Recipient.objects.filter(phone=phone).first())
