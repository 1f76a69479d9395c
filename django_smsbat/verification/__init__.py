"""Phone verification: ``start`` sends a code, ``check`` compares it, ``take`` uses the proof.

Besides these functions there are two pages with forms (``urls``), and a JSON API (``api_urls``).
"""

from asgiref.sync import sync_to_async

from django_smsbat.gateway.private_frames import private_coroutine
from django_smsbat.models import Channel, Verification, VerificationStatus
from django_smsbat.services.verification.checking import Checked, check
from django_smsbat.services.verification.proofs import take, verified_phone
from django_smsbat.services.verification.refusals import NotStarted, Why
from django_smsbat.services.verification.starting import start

__all__ = [
    "Channel",
    "Checked",
    "NotStarted",
    "Verification",
    "VerificationStatus",
    "Why",
    "acheck",
    "astart",
    "atake",
    "averified_phone",
    "check",
    "start",
    "take",
    "verified_phone",
]

astart = private_coroutine(sync_to_async(start))
acheck = private_coroutine(sync_to_async(check))
atake = private_coroutine(sync_to_async(take))
averified_phone = private_coroutine(sync_to_async(verified_phone))
