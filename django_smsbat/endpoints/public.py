"""The base class of all views without a login."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import connections, transaction
from django.views import View

from django_smsbat.gateway.private_frames import private_view


class PublicView(View):
    """A view for anonymous clients, outside ``ATOMIC_REQUESTS``.

    The marks are set on the view function, not on `dispatch`: a subclass that overrides `dispatch`
    keeps them.
    """

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view function, marked for Django's handler and `LoginRequiredMiddleware`."""
        view = login_not_required(private_view(super().as_view(**initkwargs)))
        # The services commit on their own. An error response must not roll back their changes, and
        # a 200 must not be sent before the commit. The models may be in any database.
        for alias in connections:
            view = transaction.non_atomic_requests(using=alias)(view)
        return view
