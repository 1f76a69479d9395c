"""Staff users with only the permissions that a test names, and a strict browser."""

import shutil

import pytest
from django.contrib.auth.models import Permission

from tests.support.chromium import FLAGS

CHROMIUM = shutil.which("chromium")


@pytest.fixture
def staff(client, django_user_model, db):
    """Log in a user with only the named permissions: ``view_campaign``, ``send_campaign`` ..."""

    def login(*permissions):
        user = django_user_model.objects.create_user("staff", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return login


@pytest.fixture
def boss(client, admin_user):
    client.force_login(admin_user)
    return client


@pytest.fixture(scope="module")  # it keeps an event loop, in which other tests cannot start one
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; none of our code runs in it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page_rules():
    """Page checks: no script error and no policy violation."""
    complaints = []

    def listen(said):
        # Browsers request a favicon by themselves; the test site has none.
        if said.type == "error" and not said.location["url"].endswith("/favicon.ico"):
            complaints.append(f"{said.page.url}: {said.text} {said.location}")

    def open_in(context):
        opened = context.new_page()
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", listen)
        return opened

    yield open_in
    assert complaints == [], "\n".join(complaints)


@pytest.fixture
def page(browser, page_rules):
    opened = page_rules(browser)
    yield opened
    opened.close()


@pytest.fixture
def log_in(browser, page_rules, live_server, admin_user, client):
    """A page of a superuser, in a given language, theme and width."""
    opened = []

    def make(language="en", theme="light", width=1280, **more):
        client.force_login(admin_user)
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            locale=language,
            base_url=live_server.url,
            **more,
        )
        cookies = {"sessionid": client.cookies["sessionid"].value, "django_language": language}
        context.add_cookies(
            [
                {"name": name, "value": value, "url": live_server.url}
                for name, value in cookies.items()
            ]
        )
        page = page_rules(context)
        opened.append(context)
        return page

    yield make
    for context in opened:
        context.close()
