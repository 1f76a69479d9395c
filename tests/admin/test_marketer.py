"""A marketer's day in a real browser: compose, import, send, watch, settle, answer, opt out."""

import pytest

from django_smsbat.models import (
    Campaign,
    InboundMessage,
    Message,
    Recipient,
    RecipientList,
    RecipientUpload,
)
from django_smsbat.services.inbound import receive
from django_smsbat.services.polling import poller
from django_smsbat.services.sending import worker
from tests.admin.campaigns.test_composer import TYPED
from tests.conftest import phone
from tests.services.inbound.test_receive import written

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [("en", "light", 1280), ("uk", "dark", 400)]
CAMPAIGN = "/admin/smsbat/campaign/"


def rows_needed(page, inputs):
    """Press "Add" until every input to fill has a row."""
    for name in inputs:
        while not page.locator(f"[name='{name}']").count():
            path = name.rpartition("-")[0] if name[-1].isdigit() else name
            head = path.split("-")[1]
            shown = ".smsbat-type:not([hidden]) [data-smsbat-rows]:has(legend) >> nth=0"
            boxes = page.locator(".smsbat-type:not([hidden]) [data-smsbat-rows]")
            places = [n for n in range(boxes.count()) if head in boxes.nth(n).inner_html()]
            assert places, (name, shown)
            boxes.nth(places[0]).locator(":scope > [data-smsbat-add]").click()


def fill(page, name, value):
    field = page.locator(f"[name='{name}']")
    if field.evaluate("node => node.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.fill(value)


def test_each_type_is_composed_by_mouse_and_keyboard(log_in, settings, transactional_db):
    RecipientList.objects.create(name="All")
    page = log_in()
    for kind, (typed, data) in TYPED.items():
        page.goto(f"{CAMPAIGN}add/")
        page.fill("#id_name", kind)
        page.select_option("#id_type", kind)
        shown = page.locator(".smsbat-type:visible")
        assert shown.count() == (1 if any(name != "text" for name in typed) else 0)
        assert page.locator("#id_text").is_visible() == ("text" in typed)
        inputs = {f"{kind}-{n}": value for n, value in typed.items() if n != "text" and value}
        if "text" in typed:
            page.fill("#id_text", typed["text"])
        rows_needed(page, inputs)
        for name, value in inputs.items():
            fill(page, name, value)
        page.check("[name=lists]")
        with page.expect_response("**/campaign/phone/"):
            page.locator("#id_sender").press_sequentially("Acme")
        page.wait_for_selector("#smsbat-phone >> text=Acme")
        page.locator("[name=_save]").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{CAMPAIGN}")
        made = Campaign.objects.get(name=kind)
        assert (made.type, made.message_data) == (kind, data)


def test_cards_are_added_removed_and_ordered(log_in, transactional_db):
    RecipientList.objects.create(name="All")
    page = log_in()
    page.goto(f"{CAMPAIGN}add/")
    page.fill("#id_name", "Survey")
    page.select_option("#id_type", "viber_survey")
    page.fill("#id_text", "Well?")
    page.check("[name=lists]")
    rows = page.locator(".smsbat-type:visible [data-smsbat-rows]")
    for _ in range(3):
        rows.locator("[data-smsbat-add]").click()
    assert not rows.locator("[data-smsbat-add]").is_visible()  # five rows are the maximum
    for place, word in enumerate(("One", "Two", "Three", "Four", "Five")):
        page.fill(f"[name='viber_survey-options-{place}']", word)
    third = rows.locator(".smsbat-row").nth(2)
    third.locator("[data-smsbat-up]").press("Enter")
    rows.locator(".smsbat-row").nth(4).locator("[data-smsbat-remove]").click()
    page.click("[name=_save]")
    page.wait_for_url(f"**{CAMPAIGN}")
    options = Campaign.objects.get().message_data["survey"]["options"]
    assert options == ["One", "Three", "Two", "Four"]


def step(place):
    """The selector of that funnel step with the value 2."""
    return f".smsbat-step:nth-child({place}) dd:first-of-type:text-is('2')"


def import_people(page, settings, tmp_path):
    """Import a list with one bad row."""
    file = tmp_path / "people.csv"
    file.write_text(f"phone,name\n{phone(77)},Olena\n12,Nobody\n{phone(78)},Ivan\n")
    page.goto("/admin/smsbat/recipient/import/")
    page.set_input_files("[name=file]", file)
    page.fill("[name=new_list]", "Spring")
    page.click(".submit-row [type=submit]")
    page.wait_for_selector("td >> text=Nobody")
    settings.SMSBAT = {**settings.SMSBAT, "RUNNER": "inline"}
    page.click(".submit-row [type=submit]")
    page.wait_for_selector("a[href*='rejects']")
    assert RecipientUpload.objects.get().state == "done"
    settings.SMSBAT = {**settings.SMSBAT, "RUNNER": "none"}


def compose(page):
    """Compose a campaign to the list."""
    page.goto(f"{CAMPAIGN}add/")
    page.fill("#id_name", "Spring sale")
    page.select_option("#id_type", "sms")
    page.fill("#id_text", "Hi {{ name }}! STOP")
    page.check("[name=lists]")
    page.wait_for_selector("#smsbat-phone >> text=Hi Olena! STOP")
    page.click("[name=_continue]")


def send_and_watch(page):
    """Check, confirm and send the campaign, and watch it until delivery."""
    page.click(".object-tools a[href$='/send/']")
    page.fill("[name^=typed-]", "2")
    page.click(".submit-row [type=submit]")
    page.wait_for_selector(".smsbat-report")
    worker.submit_queued()
    page.wait_for_selector(step(3))  # submitted
    Message.objects.update(next_poll_at="2026-01-01T00:00Z")
    page.wait_for_timeout(3_100)  # in the sandbox, delivery takes three seconds
    poller.sync()
    page.wait_for_selector(step(5))  # delivered, without a reload


def settle_one(page):
    """Give up one unconfirmed message."""
    lost = {"campaign": Campaign.objects.get(), "status": "unconfirmed", "attempts": 1}
    Message.objects.create(to=phone(79), type="sms", text="Hi", **lost)
    page.reload()
    page.click("a[href*='status__exact=unconfirmed']")
    page.check(".action-select >> nth=0")
    page.select_option("select[name=action]", "give_up")
    page.click("button[name=index]")
    page.click(".submit-row [type=submit]")
    page.wait_for_selector(".messagelist .success")
    assert Message.objects.get(to=phone(79)).status == "failed"


def answer(page):
    """Read an incoming message and answer it."""
    receive.receive(written(text="<b>Коли?</b>"))
    page.goto("/admin/smsbat/inboundmessage/")
    page.click("#result_list .field-who a")
    page.wait_for_selector(".smsbat-thread >> text=<b>Коли?</b>")
    page.fill(".smsbat-answer textarea", "Завтра")
    page.wait_for_selector(".smsbat-answer .smsbat-phone-bubble >> text=Завтра")
    page.click(".smsbat-answer [type=submit] >> nth=0")
    page.wait_for_selector(".smsbat-thread .smsbat-ours >> text=Завтра")
    assert InboundMessage.objects.get().read_at is not None


def opt_them_out(page):
    """Opt out a sender who asks for it."""
    page.click("form:has([name=action][value=opt_out]) [type=submit]")
    page.fill("[name=reason]", "asked by phone")
    page.click(".submit-row [type=submit]")
    page.wait_for_selector(".messagelist .success")
    assert Recipient.objects.get(phone=phone(77)).opted_out_at is not None


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
def test_a_day_of_a_marketer(
    log_in, start_sandbox, settings, tmp_path, language, theme, width, transactional_db
):
    sandbox = start_sandbox(speed=1)
    own = {"BASE_URL": sandbox.url, "CONFIRM_ABOVE": 1, "STATUS_RATE": 1_000}
    settings.SMSBAT = {**settings.SMSBAT, **own}
    page = log_in(language=language, theme=theme, width=width)
    import_people(page, settings, tmp_path)
    compose(page)
    send_and_watch(page)
    settle_one(page)
    answer(page)
    opt_them_out(page)
