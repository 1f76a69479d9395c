"""No URL of the admin or of the phone pages contains a phone: access logs store URLs."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from django.urls import reverse

from django_smsbat.models import InboundMessage, Message, Recipient, Verification
from django_smsbat.services.inbound import receive
from django_smsbat.services.tracking import recorder
from tests.admin.test_permissions import make_verified
from tests.conftest import NOON, phone
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted, reported

pytestmark = pytest.mark.django_db
PHONE = phone(77)
NATIONAL = PHONE.removeprefix("+38")
SEARCHED = ("message", "statusevent", "inboundmessage", "recipient", "verification")


def listing(model):
    return reverse(f"admin:smsbat_{model}_changelist")


def search(client, model, term, **more):
    """Search as the list's form does."""
    path = reverse(f"admin:smsbat_{model}_search")
    return client.post(path, {"q": term, **more}, follow=True)


class _Addresses(HTMLParser):
    """Collects the targets of a page: links, forms, and the fields of GET forms."""

    def __init__(self):
        super().__init__()
        self.links, self.all, self._by_get = set(), set(), False

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "a" and values.get("href"):
            self.links.add(values["href"])
        if tag == "form":
            self._by_get = values.get("method", "get").lower() == "get"
        if tag in ("input", "select", "textarea") and self._by_get:
            self.all.add(f"{values.get('name', '')}={values.get('value', '')}")
        names = ("href", "src", "action", "formaction", "data-url", "data-live")
        self.all |= {values[name] for name in names if values.get(name)}

    def handle_endtag(self, tag):
        if tag == "form":
            self._by_get = False


def addresses_of(response):
    parser = _Addresses()
    parser.feed(response.content.decode())
    return parser


def holds_a_phone(address):
    return NATIONAL in re.sub(r"\D", "", unquote(address))


@pytest.fixture
def history(people, queued, campaign):
    """A person with a record of every kind."""
    [person] = people(77, name="Olena")
    made = campaign(status="sent")
    message = queued(77, status="sending", attempts=1, recipient=person, campaign=made)
    recorder.record([accepted(message), reported("s-1", "delivered", after=9)], NOON)
    receive.receive(written())
    make_verified(message)
    return person


@pytest.mark.slow
def test_no_page_leads_to_an_address_with_a_phone(boss, history):
    waiting = [*(f"{listing(model)}?phone_of=1" for model in SEARCHED), "/admin/smsbat/"]
    seen, found = set(), set()
    while waiting and len(seen) < 250:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        response = boss.get(path)
        if "text/html" not in response.get("Content-Type", "") or response.status_code != 200:
            continue
        parsed = addresses_of(response)
        found |= {(path, one) for one in parsed.all if holds_a_phone(one)}
        targets = {urljoin(path, link) for link in parsed.links}
        waiting += [
            target
            for target in sorted(targets - seen)
            if urlsplit(target).path.startswith("/admin/smsbat/") and not urlsplit(target).netloc
        ]
    assert len(seen) > 40
    assert found == set()


@pytest.mark.parametrize("model", SEARCHED)
def test_the_search_form_is_posted(boss, history, model):
    page = boss.get(listing(model)).content.decode()
    [form] = re.findall(r'<form id="changelist-search"[^>]*>', page)
    assert 'method="post"' in form
    assert f'action="{reverse(f"admin:smsbat_{model}_search")}"' in form


@pytest.mark.parametrize("typed", [PHONE, "067 000 00 77", "380670000077"])
@pytest.mark.parametrize("model", SEARCHED)
def test_a_phone_is_found_and_its_address_does_not_name_it(boss, history, queued, model, typed):
    queued(78)
    response = search(boss, model, typed)
    [(address, _status)] = response.redirect_chain
    assert "phone_of=" in address
    assert not holds_a_phone(address)
    assert response.context["cl"].result_count >= 1
    assert [one for one in addresses_of(response).all if holds_a_phone(one)] == []


@pytest.mark.parametrize("model", SEARCHED)
def test_a_phone_that_no_row_has_finds_nothing(boss, history, model):
    response = search(boss, model, phone(99))
    assert response.redirect_chain[-1][0].endswith("phone_of=0")
    assert response.context["cl"].result_count == 0


@pytest.mark.parametrize("typed", ["+38067000007x7", "067 000 00 77 9999"])
def test_a_number_with_a_mistake_is_not_named_either(boss, history, typed):
    assert search(boss, "recipient", typed).redirect_chain[-1][0].endswith("phone_of=0")


def test_other_filters_stay(boss, history):
    response = search(boss, "message", PHONE, status__exact="delivered", p="b5")
    address = response.redirect_chain[-1][0]
    assert "status__exact=delivered" in address
    assert "p=b5" not in address


@pytest.mark.parametrize(("model", "term"), [("recipient", "Olena"), ("message", "s-1")])
def test_names_and_ids_are_searched_as_ever(boss, history, model, term):
    response = search(boss, model, term)
    assert f"q={term}" in response.redirect_chain[-1][0]
    assert response.context["cl"].result_count == 1


def test_an_empty_search_shows_everything(boss, history, people):
    people(78)
    assert search(boss, "recipient", " ").context["cl"].result_count == 2


def test_the_chosen_phone_is_shown_masked_and_can_be_left(boss, history):
    page = search(boss, "message", PHONE).content.decode()
    assert "+38067" in page
    assert f'href="{listing("message")}' in page or 'href="?"' in page


def test_an_address_with_a_phone_is_answered_by_one_without(boss, history):
    response = boss.get(listing("message"), {"q": PHONE, "status__exact": "delivered"})
    assert response.status_code == 302
    assert not holds_a_phone(response["Location"])
    assert "status__exact=delivered" in response["Location"]


@pytest.mark.parametrize("model", SEARCHED)
def test_the_search_needs_the_permission_of_the_list(staff, history, model):
    path = reverse(f"admin:smsbat_{model}_search")
    client = staff()
    assert client.post(path, {"q": PHONE}).status_code == 403


def test_a_search_by_get_is_refused(boss, history):
    assert boss.get(reverse("admin:smsbat_message_search"), {"q": "x"}).status_code == 405


@pytest.mark.parametrize("value", ["x", "-1", "9" * 30, "1' OR 1"])
def test_a_key_that_is_none_finds_nothing(boss, history, value):
    response = boss.get(listing("message"), {"phone_of": value})
    assert response.status_code == 200
    assert response.context["cl"].result_count == 0


def test_reports_are_found_by_phone_only_by_who_may_see_messages(staff, history):
    key = Message.objects.get().pk
    client = staff("view_statusevent")
    shown = client.get(listing("statusevent"), {"phone_of": key})
    assert shown.context["cl"].result_count == 0
    assert "+38067" not in shown.content.decode()


def test_the_page_that_verifies_takes_no_phone_from_its_address(client, settings):
    start = reverse("smsbat-verification:start")
    assert NATIONAL not in client.get(start, {"phone": PHONE}).content.decode()
    assert not Verification.objects.exists()
    assert not Recipient.objects.exists()
    assert not InboundMessage.objects.exists()
