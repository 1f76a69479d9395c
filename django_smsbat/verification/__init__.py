"""Verification of phones, as projects use it: ``start`` sends a code, ``check`` compares it.

Beside the functions stand two pages with their forms (``urls``), and the same for programs
(``api_urls``).
"""

from asgiref.sync import sync_to_async

from django_smsbat.gateway.private_frames import private_coroutine
from django_smsbat.models import Channel, Verification, VerificationStatus
from django_smsbat.services.verification.checking import Checked, check, verified_phone
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
    "averified_phone",
    "check",
    "start",
    "verified_phone",
]

astart = private_coroutine(sync_to_async(start))
acheck = private_coroutine(sync_to_async(check))
averified_phone = private_coroutine(sync_to_async(verified_phone))
