"""URLs of a project with its own flash call page, deep in its URLs and behind a decorator."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path

from django_smsbat.verification.api import StartView as ApiStartView
from django_smsbat.verification.views import StartView


class Page(StartView):
    channels = ("sms",)


inner = [
    path("sms/", Page.as_view()),
    path("call/", login_required(Page.as_view(channels=("sms", "flashcall")))),
]
urlpatterns = [
    path("api/", ApiStartView.as_view(channels=("sms",))),
    path("shop/", include([path("account/", include(inner))])),
]
