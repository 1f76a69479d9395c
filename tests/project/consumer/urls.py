"""The shop's URLs. No admin: not every project has one."""

from django.urls import include, path

urlpatterns = [
    path("smsbat/", include("django_smsbat.urls")),
    path("verify/", include("django_smsbat.verification.urls")),
    path("api/verify/", include("django_smsbat.verification.api_urls")),
]
