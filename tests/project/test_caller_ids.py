"""`VERIFY_CALLER_IDS`: its valid values, and the system check for few numbers or none."""

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from django_smsbat import conf
from django_smsbat.models import Channel
from django_smsbat.services.verification import channels
from tests.project.test_conf import RIGHT

CALLERS = [f"+38044{number:07}" for number in range(2_000_111, 2_000_121)]


@pytest.fixture
def configured(settings):
    def configure(**changes):
        settings.SMSBAT = {**RIGHT, **changes}
        return conf.current()

    return configure


def test_numbers_are_kept_in_e164(configured):
    found = configured(VERIFY_CALLER_IDS=["044 123 45 67", "380441234568", "+48 22 187 65 43"])
    assert found.verify_caller_ids == ("+380441234567", "+380441234568", "+48221876543")


def test_numbers_are_read_with_the_region_of_the_settings(configured):
    found = configured(VERIFY_CALLER_IDS=["22 187 65 43"], DEFAULT_REGION="PL")
    assert found.verify_caller_ids == ("+48221876543",)


def test_numbers_come_from_the_environment_with_commas(configured, monkeypatch):
    monkeypatch.setenv("SMSBAT_VERIFY_CALLER_IDS", "+380441234567, 044 123 45 68 ,")
    assert configured().verify_caller_ids == ("+380441234567", "+380441234568")


@pytest.mark.parametrize("numbers", [["+380441234567", "+38044123"], ["+380441234567"] * 2])
def test_a_wrong_number_is_named_by_its_place_and_not_quoted(configured, numbers):
    with pytest.raises(ImproperlyConfigured) as error:
        configured(VERIFY_CALLER_IDS=numbers)
    assert "number 2" in str(error.value)
    assert "38044123" not in str(error.value)


def test_beside_a_wrong_region_numbers_are_not_complained_of(configured):
    with pytest.raises(ImproperlyConfigured) as error:
        configured(VERIFY_CALLER_IDS=["044 123 45 67"], DEFAULT_REGION="Ukraine")
    assert "VERIFY_CALLER_IDS" not in str(error.value)


def test_numbers_are_not_in_the_repr(configured):
    assert CALLERS[0] not in repr(configured(VERIFY_CALLER_IDS=CALLERS))


def found_ids():
    found = run_checks(tags=["urls", "compatibility"])
    return {one.id for one in found if one.id in ("smsbat.E013", "smsbat.W011")}


@pytest.mark.parametrize(
    ("urls", "changes", "check"),
    [
        ("example_project.urls", {}, {"smsbat.E013"}),
        ("example_project.urls", {"VERIFY_CALLER_IDS": CALLERS}, set()),
        ("example_project.urls", {"VERIFY_CALLER_IDS": CALLERS[:9]}, {"smsbat.W011"}),
        ("example_project.urls", {"VERIFY_CHANNELS": ["sms", "viber_otp"]}, set()),
        ("tests.testing.no_urls", {}, set()),
        ("tests.testing.no_urls", {"VERIFY_LIFETIME": 60}, set()),
        ("tests.testing.no_urls", {"VERIFY_CHANNELS": ["sms", "flashcall"]}, {"smsbat.E013"}),
        ("tests.testing.no_urls", {"VERIFY_CALLER_IDS": CALLERS[:1]}, {"smsbat.W011"}),
        ("tests.project.calling_urls", {}, {"smsbat.E013"}),
        ("tests.project.silent_urls", {}, set()),
    ],
)
def test_flash_calls_need_numbers_where_they_are_enabled(
    configured, settings, urls, changes, check
):
    settings.ROOT_URLCONF = urls
    configured(**changes)
    assert found_ids() == check


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (0, "right in 100% of cases (codes: 1, numbers: 9)"),
        (5, "right in 17% of cases (codes: 6, numbers: 14)"),
    ],
)
def test_numbers_that_end_alike_are_counted_once(configured, own, words):
    alike = [f"+38044{middle}111222" for middle in range(1, 10)]
    configured(VERIFY_CALLER_IDS=[*CALLERS[:own], *alike])
    [warned] = [one for one in run_checks(tags=["compatibility"]) if one.id == "smsbat.W011"]
    assert words in warned.msg


def test_a_site_without_urls_enables_no_flash_calls(configured, settings):
    configured()
    settings.ROOT_URLCONF = None
    assert not channels.is_offered(Channel.FLASH_CALL)
