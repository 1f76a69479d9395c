"""The URLs of the webhooks: every spelling of slashes, and time that grows with the path."""

import json
import time
from contextlib import suppress

import pytest
from django.urls import Resolver404, resolve, reverse

from django_smsbat.models import StatusEvent
from tests.settings import SECRET

DOORS = ["inbound", "status"]
REPORT = {"messageId": "s-1", "deliverystatus": "delivered"}
# Each is repeated; a final newline or other character could confuse a pattern.
UNITS = ["/", "//a", "/a", "a/", "/\n", "\n", "/.", "%2f", "\r\n/", "/є"]
ENDS = ["", "\nx", "/\n", "x", "\n\n"]
REPETITIONS = 4_000
RUNS = 15


def seconds(path):
    """Return this thread's time for a path, repeated until it is measurable."""
    started = time.thread_time()
    for _ in range(10):
        with suppress(Resolver404):
            resolve(path)
    return time.thread_time() - started


def growth(path):
    """Return the ratio of times for a path of twice the length; the best of many runs."""
    short, long = path(REPETITIONS), path(2 * REPETITIONS)
    runs = [(seconds(short), seconds(long)) for _ in range(RUNS)]
    return min(run[1] for run in runs) / min(run[0] for run in runs)


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("door", DOORS)
def test_a_path_twice_as_long_takes_three_times_as_long_at_most(door, end, unit):
    assert growth(lambda times: f"/smsbat/{door}{unit * times}{end}") <= 3


@pytest.mark.slow
@pytest.mark.parametrize("end", ["statuz", "status\nx", "\nstatus"])
def test_slashes_before_the_name_cost_no_more(end):
    assert growth(lambda times: f"/smsbat/{'/' * times}{end}") <= 3


@pytest.mark.parametrize("door", DOORS)
def test_the_names_keep_their_addresses(door):
    assert reverse(f"smsbat:{door}") == f"/smsbat/{door}/"
    assert reverse(f"smsbat:{door}-with-secret", args=["s3"]) == f"/smsbat/{door}/s3/"
    assert reverse(f"smsbat:{door}-with-secret", kwargs={"secret": "s3"}) == f"/smsbat/{door}/s3/"


def post(client, path, **headers):
    # The raw path: the test client would fold slashes at its beginning.
    return client.generic(
        "POST",
        "/",
        json.dumps(REPORT),
        content_type="application/json",
        headers=headers,
        PATH_INFO=path,
    )


@pytest.mark.parametrize(
    "path",
    [
        "/smsbat/status",
        "/smsbat/status/",
        "/smsbat/status//",
        "/smsbat//status/",
        "/smsbat///status///",
        "/smsbat/Status/",
        "/smsbat/STATUS",
    ],
)
def test_a_report_arrives_however_the_slashes_are_written(db, client, path):
    answer = post(client, path, **{"x-authorization-key": SECRET})
    assert (answer.status_code, StatusEvent.objects.count()) == (200, 1)


@pytest.mark.parametrize(
    "path",
    [
        "/smsbat/status/{}",
        "/smsbat/status/{}/",
        "/smsbat/status//{}",
        "/smsbat/status///{}//",
        "/smsbat//status/{}/",
        "/smsbat/Status/{}/",
    ],
)
def test_a_secret_in_the_path_opens_however_the_slashes_are_written(db, client, settings, path):
    settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRET_IN_PATH": True}
    assert post(client, path.format(SECRET)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/smsbat/status{}",
        "/smsbat/statuss/{}",
        "/smsbat/xstatus/{}",
        "/smsbat/in/{}",
        "/smsbat/status\n/{}",
    ],
)
def test_other_names_are_not_found(client, settings, path):
    settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRET_IN_PATH": True}
    assert post(client, path.format(SECRET)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/smsbat/status/x{}", "/smsbat/status/{}x", "/smsbat/status/{}/x"]
)
def test_a_part_of_the_path_that_is_not_the_secret_opens_nothing(client, settings, path):
    settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRET_IN_PATH": True}
    assert post(client, path.format(SECRET)).status_code == 401
