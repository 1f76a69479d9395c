"""Views that send, queue and query; each responds with plain text."""

import itertools
import os

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.request import Request

from django_smsbat import send
from django_smsbat.messages import Sms
from django_smsbat.verification import api

_numbers = itertools.count(1)


def sms() -> Sms:
    """Return a message to a deliverable sandbox phone, different for each process and call."""
    number = f"{os.getpid() % 1_000:03}{next(_numbers) % 100:02}77"
    return Sms(to=f"+38067{number}", text="Hi")


def query(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(get_user_model().objects.count()))


def send_one(request: HttpRequest) -> HttpResponse:
    return HttpResponse(send(sms()).status)


def queue_one(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(send(sms(), queue=True).pk))


class BehindProxy(api.StartView):
    def address_of(self, request: Request) -> str:
        return str(request.headers["x-real-ip"])


urlpatterns = [
    path("query/", query),
    path("send/", send_one),
    path("queue/", queue_one),
    path("api/verify/", include("django_smsbat.verification.api_urls")),
    path("behind/proxy/", BehindProxy.as_view()),
]
