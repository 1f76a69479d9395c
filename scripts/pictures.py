"""``make pictures``: take the screenshots of the documentation and of the README.

Runs the demo, then the admin and the sandbox with Debian's Chromium.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from tests.chromium import FLAGS

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
READER = "0670000104"  # the sandbox delivers it and marks it read
FALLEN_BACK = "0670000105"  # Viber fails there, and the SMS fallback delivers


def main() -> None:
    chromium = shutil.which("chromium") or install_chromium()
    PICTURES.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-m", "example_project.demo"], cwd=ROOT, check=True)
    take_pictures(chromium)


def install_chromium() -> str:
    if not shutil.which("apt-get") or os.geteuid() != 0:
        sys.exit("Chromium is needed: install your system's package, then run this again.")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=True)
    return shutil.which("chromium") or sys.exit("Chromium could not be installed.")


def take_pictures(chromium: str) -> None:
    """Capture the campaign's page, then the phones after a campaign launched from that page."""
    serving = subprocess.Popen(
        [sys.executable, "-u", "-m", "example_project.demo.serve"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        admin, phones = address(serving), address(serving)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            log_in(page, admin)
            picture_of_campaign(page, admin)
            send_another(page, admin)
            picture_of_phones(page, phones)
            page.set_viewport_size({"width": 1280, "height": 900})
            pictures_of_answers(page, admin)
            browser.close()
    finally:
        serving.terminate()
        serving.wait()


def address(serving: "subprocess.Popen[str]") -> str:
    """Return the address in the next line that the process prints."""
    line = serving.stdout.readline() if serving.stdout else ""
    match = re.search(r"http://[^\s]+", line)
    return match[0] if match else sys.exit("the admin did not start")


def log_in(page: Page, admin: str) -> None:
    page.goto(admin)
    page.fill("#id_username", "demo")
    page.fill("#id_password", "demo")
    page.press("#id_password", "Enter")
    page.wait_for_selector("#content-main")


def picture_of_campaign(page: Page, admin: str) -> None:
    page.goto(f"{admin}django_smsbat/campaign/")
    page.click("text=Spring sale")
    page.wait_for_selector(".smsbat-progress")
    page.screenshot(path=PICTURES / "campaign.png")


def send_another(page: Page, admin: str) -> None:
    """Send a campaign like the demo's to a few people, so that the phones show messages."""
    page.goto(f"{admin}django_smsbat/recipientlist/add/")
    page.fill("#id_name", "Friends")
    page.click("input[name=_save]")
    add_people(page, admin)
    page.goto(f"{admin}django_smsbat/campaign/add/")
    page.fill("#id_name", "A word to friends")
    page.select_option("#id_type", "viber_promo")
    page.fill("#id_text", '{{ name|default:"Друже" }}, весняний розпродаж у місті {{ city }}!')
    for name, value in BUTTON.items():
        page.fill(f"[name=viber_promo-{name}]", value)
    page.fill("#id_fallback_text", "Весняний розпродаж: shop.example.com/sale")
    page.check("label:has-text('Friends') input")
    page.wait_for_selector(".smsbat-phone-button >> text=До магазину")
    page.locator(".smsbat-phone-side").scroll_into_view_if_needed()
    page.screenshot(path=PICTURES / "composer.png")
    page.click("input[name=_continue]")
    page.click(".object-tools a[href$='/send/']")
    page.screenshot(path=PICTURES / "confirm.png")
    page.click("input[type=submit][value=Send]")
    page.wait_for_selector(".success")


BUTTON = {
    "image_url": "https://cdn.example.com/spring.jpg",
    "button_text": "До магазину",
    "button_url": "https://shop.example.com/sale?city={{ city }}",
}


def add_people(page: Page, admin: str) -> None:
    for phone in (READER, FALLEN_BACK):
        page.goto(f"{admin}django_smsbat/recipient/?q={phone}")
        page.check("input.action-select")
        page.select_option("select[name=action]", "add_to_list")
        page.select_option("select[name=list]", label="Friends")
        page.click("button[name=index], .actions button")
        page.wait_for_selector(".success")


def picture_of_phones(page: Page, phones: str) -> None:
    page.set_viewport_size({"width": 900, "height": 620})
    page.goto(phones)
    page.wait_for_selector(".bubble.sms:not(.pending)", timeout=30_000)
    page.wait_for_selector("text=viber · read", timeout=30_000)
    reader = page.locator(".phone", has_text=READER[1:])
    reader.locator("input").fill("Чи є 38-й розмір?")
    reader.locator("input").press("Enter")
    page.wait_for_selector(".bubble.reply")
    page.wait_for_timeout(1_500)
    page.screenshot(path=PICTURES / "phones.png")


def pictures_of_answers(page: Page, admin: str) -> None:
    page.goto(f"{admin}django_smsbat/inboundmessage/")
    page.click("#result_list .field-who a >> nth=0")
    page.wait_for_selector(".smsbat-thread")
    page.screenshot(path=PICTURES / "conversation.png", full_page=True)
    page.goto(f"{admin}django_smsbat/")
    page.screenshot(path=PICTURES / "dashboard.png")


if __name__ == "__main__":
    main()
