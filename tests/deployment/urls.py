"""Pages that send, queue and query, each answering with plain text."""

import itertools
import os

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.urls import path

from django_smsbat import send
from django_smsbat.messages import Sms

_numbers = itertools.count(1)


def sms() -> Sms:
    """A message to a phone that the sandbox delivers to, another one for each process and call."""
    number = f"{os.getpid() % 1_000:03}{next(_numbers) % 100:02}77"
    return Sms(to=f"+38067{number}", text="Hi")


def query(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(get_user_model().objects.count()))


def send_one(request: HttpRequest) -> HttpResponse:
    return HttpResponse(send(sms()).status)


def queue_one(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(send(sms(), queue=True).pk))


urlpatterns = [path("query/", query), path("send/", send_one), path("queue/", queue_one)]
