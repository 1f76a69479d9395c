"""Credentials: the settings present decide the method, and missing ones are named."""

import base64

import pytest

from django_smsbat.gateway.auth import AuthMethod, Credentials, basic_pair

KEY = "the-key-that-nobody-may-see"


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ({"api_key": KEY, "login": "", "password": ""}, AuthMethod.HEADER),
        ({"api_key": "", "login": "me", "password": "x"}, AuthMethod.BASIC),
        ({"api_key": KEY, "login": "me", "password": "x"}, AuthMethod.HEADER),
    ],
)
def test_the_method_follows_from_what_is_given(given, method):
    assert Credentials.by_what_is_given(**given).method is method


@pytest.mark.parametrize(
    ("method", "given", "words"),
    [
        (AuthMethod.HEADER, {}, "AUTH 'header' needs API_KEY"),
        (AuthMethod.BASIC_KEY, {"login": "me"}, "AUTH 'basic_key' needs API_KEY"),
        (AuthMethod.BASIC, {"login": "me"}, "AUTH 'basic' needs PASSWORD"),
        (AuthMethod.BASIC, {"api_key": KEY}, "AUTH 'basic' needs LOGIN and PASSWORD"),
    ],
)
def test_missing_credentials_are_named(method, given, words):
    with pytest.raises(ValueError, match="AUTH") as refused:
        Credentials(method, **given)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("given", "lacking"),
    [({}, "API_KEY"), ({"login": "me"}, "PASSWORD"), ({"password": "x"}, "LOGIN")],
)
def test_of_half_a_pair_the_other_half_is_missed(given, lacking):
    with pytest.raises(ValueError, match=f"needs {lacking}$"):
        Credentials.by_what_is_given(**{"api_key": "", "login": "", "password": "", **given})


def test_an_answers_words_are_shown_without_our_secrets():
    credentials = Credentials(AuthMethod.HEADER, api_key="the-key")
    assert credentials.conceal(b"no the-key here") == b"no ... here"


PAIR = base64.b64encode(b"me:secret").decode()


@pytest.mark.parametrize("header", [f"Basic {PAIR}", f"basic {PAIR}"])
def test_a_pair_is_read_whatever_the_case_of_its_scheme(header):
    assert basic_pair(header) == b"me:secret"


@pytest.mark.parametrize(
    "header",
    [f"Bearer {PAIR}", f"Basic  {PAIR}", f"Basic !{PAIR}", f"x Basic {PAIR}", PAIR, "Basic ї", ""],
)
def test_what_is_no_pair_is_none(header):
    assert basic_pair(header) == b""
