"""Lists created and changed from search results."""

import pytest

from django_smsbat.models import Recipient, RecipientList
from django_smsbat.services.recipients import lists

pytestmark = pytest.mark.django_db


def test_who_stands_in_a_list_already_stands_there_once_and_is_not_counted(people):
    old, new = people(1, 2)
    vip = RecipientList.objects.create(name="VIP")
    vip.recipients.add(old)
    assert lists.add(vip, Recipient.objects.all()) == 1
    assert set(vip.recipients.all()) == {old, new}
    assert vip.recipients.count() == 2


def test_who_is_taken_from_a_list_stays_in_the_others(people):
    person, other = people(1, 2)
    vip = RecipientList.objects.create(name="VIP")
    vip.recipients.add(person, other)
    assert lists.remove(vip, Recipient.objects.filter(pk=person.pk)) == 1
    assert list(vip.recipients.all()) == [other]
    assert RecipientList.objects.get(name="All").recipients.count() == 2


def test_the_people_of_each_list_are_counted(people):
    people(1, 2, 3)
    RecipientList.objects.create(name="VIP").recipients.add(Recipient.objects.first())
    RecipientList.objects.create(name="Empty")
    told = lists.with_counts().values_list("name", "people_count")
    assert dict(told) == {"All": 3, "VIP": 1, "Empty": 0}
