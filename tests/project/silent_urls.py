"""URLs of a project with verification pages but no flash calls."""

from django.urls import include, path

from django_smsbat.verification.api import StartView as ApiStartView
from django_smsbat.verification.views import CheckView, StartView


class Page(StartView):
    channels = ("viber_otp", "sms")


urlpatterns = [
    path("", include("django_smsbat.urls")),
    path("start/", Page.as_view()),
    path("check/", CheckView.as_view(channels=["viber_otp"])),
    path("api/", ApiStartView.as_view(channels=("sms",))),
]
