"""The admin, the webhooks, and the phone verification pages."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from example_project.guard import StartWithSum

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("smsbat/", include("django_smsbat.urls")),
    path("verify/with-sum/", StartWithSum.as_view(), name="verify-with-sum"),
    path("verify/", include("django_smsbat.verification.urls")),
    path("api/verify/", include("django_smsbat.verification.api_urls")),
]

if settings.HAS_SPECTACULAR:
    from drf_spectacular.views import SpectacularAPIView

    urlpatterns.append(path("openapi/", SpectacularAPIView.as_view()))
