"""How a project tests with Django's `TestCase`. The documentation shows this file."""

from django.db import transaction
from django.test import TestCase

from django_smsbat import send
from django_smsbat.messages import Sms
from django_smsbat.testing import SmsbatTestMixin


class TestShipping(SmsbatTestMixin, TestCase):
    def test_the_customer_is_told(self):
        send(Sms(to="+380671112233", text="Your order is on its way"))
        self.assertEqual([sent.to for sent in self.smsbat.outbox], ["+380671112233"])

    def test_within_a_transaction_it_leaves_with_the_commit(self):
        with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            send(Sms(to="+380671112233", text="Your order is on its way"))
            self.assertEqual(self.smsbat.outbox, [])
        self.assertEqual(len(self.smsbat.outbox), 1)

    def test_what_is_queued_leaves_with_the_workers(self):
        send(Sms(to="+380671112233", text="Your order is on its way"), queue=True)
        self.smsbat.run_workers()
        self.assertEqual(len(self.smsbat.outbox), 1)
