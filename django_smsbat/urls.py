"""The package's URLs: ``path("smsbat/", include("django_smsbat.urls"))``."""

from django.urls import path, re_path

from django_smsbat.webhooks.views import InboundView, StatusView

app_name = "smsbat"

_inbound = InboundView.as_view()
_status = StatusView.as_view()

urlpatterns = [
    path("inbound/", _inbound, name="inbound"),
    path("inbound/<str:secret>/", _inbound, name="inbound-with-secret"),
    path("status/", _status, name="status"),
    path("status/<str:secret>/", _status, name="status-with-secret"),
    # Whatever the slashes and the letter case: a redirect would lose the report, and "not found"
    # would write the path, with the secret, into Django's log. No two neighbouring parts match the
    # same character, so that matching takes linear time.
    re_path(r"^(?:/*[iI][nN][bB][oO][uU][nN][dD])(?P<smsbat_rest>/[\s\S]*)?$", _inbound),
    re_path(r"^(?:/*[sS][tT][aA][tT][uU][sS])(?P<smsbat_rest>/[\s\S]*)?$", _status),
]
