"""A program for ``gevent`` or ``eventlet``: query, send, query, in one process."""

import sys

if sys.argv[1] == "gevent":
    from gevent import monkey

    monkey.patch_all()
else:
    import eventlet

    eventlet.monkey_patch()

import django

django.setup()

import threading

from django.contrib.auth import get_user_model

from django_smsbat import send
from tests.scenarios.deployment.urls import sms

get_user_model().objects.count()
statuses = [send(sms()).status for _ in range(2)]
get_user_model().objects.count()
others = [one.name for one in threading.enumerate() if one.name != "MainThread"]
print(*statuses, *others)
