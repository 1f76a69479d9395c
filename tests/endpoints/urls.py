"""The URLs under prefixes with kwargs, in languages, and with a project's subclasses."""

from django.conf.urls.i18n import i18n_patterns
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from django_smsbat.verification import api, views
from django_smsbat.webhooks.views import InboundView, StatusView


class Overrides:
    """Replaces `dispatch`, and with it any attributes set by a decorator."""

    @method_decorator(never_cache)
    def dispatch(self, request, *args, **kwargs):
        return super().dispatch(request, *args, **kwargs)


def own(base):
    return type(f"Own{base.__name__}", (Overrides, base), {})


PUBLIC = [
    views.StartView,
    views.CheckView,
    views.DoneView,
    api.StartView,
    api.CheckView,
    InboundView,
    StatusView,
]
ENDPOINTS = [
    path("smsbat/", include("django_smsbat.urls")),
    path("verify/", include("django_smsbat.verification.urls")),
    path("api/verify/", include("django_smsbat.verification.api_urls")),
]

urlpatterns = [
    *ENDPOINTS,
    path("shops/<slug:shop>/", include((ENDPOINTS, "shops"))),
    path("versions/<str:version>/", include((ENDPOINTS, "versions"))),
    path("formats/<str:format>/", include((ENDPOINTS, "formats"))),
    re_path(r"^groups/(v\d)/", include((ENDPOINTS, "groups"))),
    path("own/verify/", own(views.StartView).as_view(), name="own-start"),
    path("login/", lambda request: HttpResponse("login"), name="login"),
    *i18n_patterns(path("translated/", include((ENDPOINTS, "translated")))),
]
