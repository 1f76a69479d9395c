"""Incoming messages, for the code of a project: read conversations and answer."""

from django_smsbat.services.inbound.conversations import conversation
from django_smsbat.services.inbound.replies import reply

__all__ = ["conversation", "reply"]
