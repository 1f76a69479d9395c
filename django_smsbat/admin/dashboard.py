"""The dashboard on the app's admin page, for users who may view the underlying records."""

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.filters import STATUS
from django_smsbat.gateway.statuses import Status
from django_smsbat.services.monitoring import overview

_NEEDED: Final = ("view_message", "view_campaign", "view_inboundmessage")


def dashboard(request: HttpRequest) -> dict[str, Any]:
    """Return the context of the template; empty for users without permission."""
    if not all(request.user.has_perm(f"smsbat.{name}") for name in _NEEDED):
        return {}
    now = timezone.localtime()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    told = overview.look(midnight, timezone.now())
    messages = reverse("admin:smsbat_message_changelist")
    inbox = reverse("admin:smsbat_inboundmessage_changelist")
    unconfirmed = f"{messages}?{STATUS}={Status.UNCONFIRMED.value}"
    numbers = (
        (_("sent today"), told.today.total - told.today.unsent, f"{messages}?day=today"),
        (_("delivered"), told.today.delivered, ""),
        (_("failed"), told.today.failed, ""),
        (_("replies"), told.replies, inbox),
        (_("unread"), told.unread, f"{inbox}?shown=unread"),
        (_("probable opt-outs"), told.probable_opt_outs, f"{inbox}?shown=opt_outs"),
        (_("unconfirmed"), told.health.unconfirmed, unconfirmed),
    )
    signs = (
        (_("last sending"), told.health.last_send),
        (_("last status request"), told.health.last_sync),
        (_("last delivery callback"), told.health.last_status_callback),
        (_("last incoming message"), told.health.last_inbound),
        (_("status requests wait since"), told.health.overdue_since),
    )
    return {"told": told, "numbers": numbers, "signs": signs}
