"""The pages' URLs: ``path("verify/", include("django_smsbat.verification.urls"))``."""

from django.urls import path

from django_smsbat.verification.views import CheckView, DoneView, StartView

app_name = "smsbat-verification"

urlpatterns = [
    path("", StartView.as_view(), name="start"),
    path("code/", CheckView.as_view(), name="check"),
    path("done/", DoneView.as_view(), name="done"),
]
