"""For projects that test with Django's own `TestCase`."""

from typing import TYPE_CHECKING

from django_smsbat.testing.gateway import FakeGateway

if TYPE_CHECKING:
    from django.test import SimpleTestCase as _Case
else:
    _Case = object


class SmsbatTestMixin(_Case):
    """Mixin to put before ``TestCase``: each test has its own gateway as ``self.smsbat``."""

    smsbat: FakeGateway

    def setUp(self) -> None:
        super().setUp()
        self.smsbat = self.enterContext(FakeGateway())
