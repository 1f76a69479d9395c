"""Every entry point of the package, called with one person's phone, text, name and code."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_smsbat import send, send_many
from django_smsbat.messages import Sms
from django_smsbat.models import InboundMessage, Message, Recipient, RecipientUpload
from django_smsbat.services.clock import Clock
from django_smsbat.services.consent import changes
from django_smsbat.services.polling import poller as sync
from django_smsbat.services.recipients import imports
from django_smsbat.services.recipients import timeline as phone_history
from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.retention import erase as erasure
from django_smsbat.services.retention import purge as purging
from django_smsbat.services.sending import worker as submission
from django_smsbat.services.verification import checking, proofs, starting
from tests.conftest import phone
from tests.settings import SECRET

TEXT = "Words that no error report may show"
NAME = "Olena Kovalenko"
CODE = "482913"
PHONE = phone(4_561_237)
NATIONAL = "0674561237"
Run = Callable[[], object]


def admin_url(name: str, *args: object) -> str:
    return reverse(f"admin:smsbat_{name}", args=args)


class EntryPoints:
    """Each method prepares one run and returns it."""

    def __init__(self, client: Client, clock: Clock, folder: Path) -> None:
        self._client, self._clock, self._folder = client, clock, folder
        self._numbers = itertools.count()

    def send(self) -> Run:
        return lambda: send(Sms(to=PHONE, text=TEXT))

    def send_once(self) -> Run:
        key = f"key-{next(self._numbers)}"
        return lambda: send(Sms(to=PHONE, text=TEXT), idempotency_key=key)

    def send_many(self) -> Run:
        return lambda: send_many([Sms(to=PHONE, text=TEXT)])

    def worker(self) -> Run:
        Message.objects.create(to=PHONE, type="sms", sender="AcmeShop", text=TEXT)
        return submission.submit_queued

    def sync(self) -> Run:
        send(Sms(to=PHONE, text=TEXT))
        Message.objects.update(next_poll_at=timezone.now())
        return sync.sync

    def inbound_webhook(self) -> Run:
        told = {"idUuid": f"u-{next(self._numbers)}", "alphaName": "AcmeShop", "text": TEXT}
        body = {**told, "phoneNumber": PHONE[1:], "dt": "2026-03-02T12:00:00Z"}
        return self._posted(reverse("smsbat:inbound"), body)

    def status_webhook(self) -> Run:
        told = {"messageId": f"m-{next(self._numbers)}", "deliverystatus": "delivered"}
        return self._posted(reverse("smsbat:status"), {**told, "phone": PHONE, "text": TEXT})

    def verification(self) -> Run:
        return lambda: starting.start(PHONE, "sms")

    def verification_api(self) -> Run:
        body = {"phone": PHONE, "channel": "sms"}
        return self._posted(reverse("smsbat-verification-api:start"), body)

    def verification_page(self) -> Run:
        return self._form(reverse("smsbat-verification:start"), phone=PHONE, channel="sms")

    def check(self) -> Run:
        made = starting.start(PHONE, "sms")
        return lambda: checking.check(made.id, CODE)

    def verification_take(self) -> Run:
        return lambda: proofs.take(CODE)

    def check_api(self) -> Run:
        made = starting.start(PHONE, "sms")
        path = reverse("smsbat-verification-api:check", args=[made.id])
        return self._posted(path, {"code": CODE})

    def check_page(self) -> Run:
        self.verification_page()()
        return self._form(reverse("smsbat-verification:check"), code=CODE)

    def import_file(self) -> Run:
        path = self._folder / f"people-{next(self._numbers)}.csv"
        path.write_text(f"phone,name\n{NATIONAL},{NAME}\n{PHONE} x,{NAME}\n")
        return lambda: imports.import_file(path, "Spring")

    def upload(self) -> Run:
        rows = f"phone,name\n{NATIONAL},{NAME}\n{PHONE} x,{NAME}\n{next(self._numbers)},\n"
        return lambda: uploads.keep([rows.encode()], "people.csv", "Spring", "admin")

    def import_uploads(self) -> Run:
        self.upload()()
        uploads.confirm(RecipientUpload.objects.latest("pk"))
        return uploads.import_waiting

    def erase(self) -> Run:
        self._incoming()
        return lambda: erasure.erase(PHONE)

    def purge(self) -> Run:
        send(Sms(to=PHONE, text=TEXT))
        return lambda: purging.purge(timezone.now(), self._clock)

    def opt_out(self) -> Run:
        person, said = self._recipient(), changes.ConsentReason(reason=TEXT)
        return lambda: changes.opt_out(person, said)

    def phone_history(self) -> Run:
        person = self._recipient()
        return lambda: phone_history.history_of(PHONE, person)

    def admin_messages(self) -> Run:
        return lambda: self._client.get(admin_url("message_changelist"))

    def admin_search(self) -> Run:
        return self._form(admin_url("recipient_search"), q=PHONE)

    def admin_recipient(self) -> Run:
        return self._form(admin_url("recipient_add"), phone=PHONE, name=NAME, attributes="{}")

    def admin_opt_out(self) -> Run:
        return self._action("opt_out")

    def admin_erase(self) -> Run:
        return self._action("erase")

    def admin_reply(self) -> Run:
        path = admin_url("inboundmessage_reply", self._incoming().pk)
        return self._form(path, text=f"{TEXT} {next(self._numbers)}")

    def admin_reply_preview(self) -> Run:
        return self._form(admin_url("inboundmessage_phone", self._incoming().pk), text=TEXT)

    def admin_composer(self) -> Run:
        return self._form(admin_url("campaign_add"), name="Sale", type="sms", text=TEXT)

    def _posted(self, path: str, body: Any) -> Run:
        data, headers = json.dumps(body), {"X-Authorization-Key": SECRET}
        post, kind = self._client.post, "application/json"
        return lambda: post(path, data, content_type=kind, headers=headers)

    def _form(self, path: str, **fields: object) -> Run:
        return lambda: self._client.post(path, fields)

    def _action(self, name: str) -> Run:
        fields = {ACTION_CHECKBOX_NAME: self._recipient().pk, "action": name, "confirmed": name}
        return self._form(admin_url("recipient_changelist"), **fields)

    def _incoming(self) -> InboundMessage:
        self.inbound_webhook()()
        return InboundMessage.objects.latest("pk")

    def _recipient(self) -> Recipient:
        return Recipient.objects.get_or_create(phone=PHONE, defaults={"name": NAME})[0]


NAMES = [name for name in vars(EntryPoints) if not name.startswith("_")]
