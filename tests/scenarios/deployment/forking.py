"""A program that sends one message from the parent, one from each of three forks, and one more."""

import os

import django

django.setup()

from django.db import connections

from django_smsbat import send
from tests.scenarios.deployment.urls import sms

print(send(sms()).status, flush=True)
connections.close_all()
children = []
for _ in range(3):
    child = os.fork()
    if not child:
        print(send(sms()).status, flush=True)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
print(send(sms()).status, flush=True)
