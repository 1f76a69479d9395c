"""The API's URLs: ``path("api/verify/", include("django_smsbat.verification.api_urls"))``."""

from django.urls import path

from django_smsbat.verification.api import CheckView, StartView

app_name = "smsbat-verification-api"

urlpatterns = [
    path("", StartView.as_view(), name="start"),
    path("<uuid:pk>/", CheckView.as_view(), name="check"),
]
