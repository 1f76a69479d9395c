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
    summary = overview.look(midnight, timezone.now())
    messages = reverse("admin:smsbat_message_changelist")
    inbox = reverse("admin:smsbat_inboundmessage_changelist")
    unconfirmed = f"{messages}?{STATUS}={Status.UNCONFIRMED.value}"
    numbers = (
        (_("sent today"), summary.today.total - summary.today.unsent, f"{messages}?day=today"),
        (_("delivered"), summary.today.delivered, ""),
        (_("failed"), summary.today.failed, ""),
        (_("replies"), summary.replies, inbox),
        (_("unread"), summary.unread, f"{inbox}?shown=unread"),
        (_("probable opt-outs"), summary.probable_opt_outs, f"{inbox}?shown=opt_outs"),
        (_("unconfirmed"), summary.health.unconfirmed, unconfirmed),
    )
    signs = (
        (_("last sending"), summary.health.last_send),
        (_("last status request"), summary.health.last_sync),
        (_("last delivery callback"), summary.health.last_status_callback),
        (_("last incoming message"), summary.health.last_inbound),
        (_("status requests wait since"), summary.health.overdue_since),
    )
    return {"summary": summary, "numbers": numbers, "signs": signs}
