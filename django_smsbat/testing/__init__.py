"""Test tools for projects that use django-smsbat: an in-memory gateway, and the sandbox on a port.

Not for use on a running site.
"""

from django_smsbat.testing.case import SmsbatTestMixin
from django_smsbat.testing.gateway import FakeGateway, Sent
from django_smsbat.testing.sandbox import running_sandbox

__all__ = ["FakeGateway", "Sent", "SmsbatTestMixin", "running_sandbox"]
