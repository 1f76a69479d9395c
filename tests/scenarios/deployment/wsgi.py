"""The site as a server loads it; with ``preload`` it sends and queues before any fork."""

import os
import threading
import time
from datetime import timedelta

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.scenarios.deployment.settings")
application = get_wsgi_application()


def send_before_the_fork() -> None:
    """Send, queue, and leave the sending thread waiting for a campaign that is not due yet.

    The fork must happen while no database connection is in use: SQLite forbids any other.
    """
    from django.db import connections
    from django.utils import timezone

    from django_smsbat import send
    from django_smsbat.models import Campaign, Message
    from tests.scenarios.deployment.urls import sms

    later = timezone.now() + timedelta(days=1)
    Campaign.objects.create(name="Later", type="sms", status="scheduled", scheduled_at=later)
    send(sms())
    send(sms(), queue=True)
    while Message.objects.exclude(status="accepted").exists():
        time.sleep(0.05)
    connections.close_all()  # the site must close Django's own connections
    time.sleep(0.5)
    names = [one.name for one in threading.enumerate()]
    assert "smsbat-send" in names, names


if os.environ.get("TEST_PRELOAD"):
    send_before_the_fork()
