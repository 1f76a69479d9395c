"""For tests of projects that use django-smsbat: a gateway in memory, and the sandbox on a port.

Nothing here is meant for a running site.
"""

from django_smsbat.testing.case import SmsbatTestMixin
from django_smsbat.testing.gateway import FakeGateway, Sent
from django_smsbat.testing.sandbox import running_sandbox

__all__ = ["FakeGateway", "Sent", "SmsbatTestMixin", "running_sandbox"]
