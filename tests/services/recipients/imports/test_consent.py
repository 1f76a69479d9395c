"""Opt-outs survive every transfer of data; an opt-in needs a date and a source."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat import signals
from django_smsbat.models import ConsentChange, Recipient, RecipientList
from django_smsbat.services.consent import changes
from django_smsbat.services.consent.changes import ConsentReason
from django_smsbat.services.recipients import imports
from django_smsbat.services.recipients.imports import Reading
from django_smsbat.services.recipients.imports.consent import Consent, stricter
from django_smsbat.services.retention import erase
from tests.conftest import NOON, listening, phone

pytestmark = pytest.mark.django_db
OPT_OUTS = Reading(is_opt_out=True)


def opted_out():
    return set(Recipient.objects.exclude(opted_out_at=None).values_list("phone", flat=True))


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("UNSUB_TIME", "2024-02-02 10:00:00"),
        ("unsubscribed", "1"),
        ("opted_out", "yes"),
        ("Opted Out", "TRUE"),
        ("Відписаний", "так"),
        ("отписан", "да"),
        ("Unsubscribed from all email", "true"),
        ("status", "unsubscribed"),
        ("Статус", "Відписався"),
        ("Contact status", "blacklisted"),
        ("Accepts SMS Marketing", "no"),
        ("Згода на розсилку", "ні"),
        ("subscribed", "false"),
        ("Blacklisted", "x"),
    ],
)
def test_an_opt_out_in_a_file_of_another_product_is_honoured(table, heading, cell):
    result = imports.import_file(table(f"phone,{heading}", f"0670000077,{cell}"), "All")
    assert opted_out() == {phone(77)}
    assert result.opted_out == 1


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("UNSUB_TIME", ""),
        ("opted_out", "no"),
        ("opted_out", "0"),
        ("відписаний", "ні"),
        ("status", "active"),
        ("status", "VIP"),
        ("Accepts SMS Marketing", "yes"),
        ("subscribed", "1"),
        ("subscribed", "2024-02-02"),
        ("subscribed", ""),
    ],
)
def test_a_person_who_did_not_opt_out_is_not_opted_out(table, heading, cell):
    imports.import_file(table(f"phone,{heading}", f"0670000077,{cell}"), "All")
    assert opted_out() == set()
    assert not ConsentChange.objects.exists()


@pytest.mark.parametrize(("heading", "cell"), [("opted_out", "perhaps")])
def test_a_word_that_is_neither_yes_nor_no_costs_the_row(table, reasons, heading, cell):
    result = imports.import_file(table(f"phone,{heading}", f"0670000077,{cell}"), "All")
    assert "write yes" in reasons(result)[0]
    assert not Recipient.objects.exists()


def test_the_date_of_an_opt_out_is_kept(table):
    imports.import_file(table("phone,opted out at", "0670000077,2024-02-02T10:00:00Z"), "All")
    at = datetime(2024, 2, 2, 10, tzinfo=UTC)
    assert Recipient.objects.get().opted_out_at == at
    change = ConsentChange.objects.get()
    assert (change.at, change.source, change.reason) == (at, "import", "people.csv")


def test_an_opt_in_without_a_date_and_a_source_changes_nothing(table, people):
    people(77, opted_out_at=NOON)
    for headings, cells in (
        ("phone,opted_out", "0670000077,no"),
        ("phone,subscribed", "0670000077,yes"),
        ("phone,consent date", "0670000077,2030-01-01"),
        ("phone,consent date,consent source", "0670000077,2030-01-01,"),
        ("phone,consent date,consent source", "0670000077,,website"),
    ):
        imports.import_file(table(headings, cells), "All")
    assert opted_out() == {phone(77)}


def test_a_later_opt_in_with_its_source_is_applied_and_recorded(table, people):
    people(77, opted_out_at=NOON)
    later = NOON + timedelta(days=1)
    lines = ("phone,consent date,consent source", f"0670000077,{later.isoformat()},website")
    result = imports.import_file(table(*lines), "All")
    assert (opted_out(), result.opted_in) == (set(), 1)
    change = ConsentChange.objects.get()
    assert (change.is_opt_out, change.at, change.reason) == (False, later, "website")


def test_an_earlier_opt_in_does_not_undo_an_opt_out(table, people):
    people(77, opted_out_at=NOON)
    earlier = NOON - timedelta(days=1)
    lines = ("phone,consent date,consent source", f"0670000077,{earlier.isoformat()},website")
    imports.import_file(table(*lines), "All")
    assert opted_out() == {phone(77)}


def test_an_earlier_opt_out_does_not_undo_an_opt_in(table, people):
    [person] = people(77)
    changes.opt_out(person, ConsentReason(at=NOON - timedelta(days=2)), NOON)
    changes.opt_in(person, ConsentReason(at=NOON), NOON)
    earlier = (NOON - timedelta(days=1)).isoformat()
    imports.import_file(table("phone,opted out at", f"0670000077,{earlier}"), "All")
    assert opted_out() == set()


@pytest.mark.parametrize(
    ("date", "source"),
    [("2026-03-03", "-"), ("2026-03-03", "#N/A"), ("2026-03-03", "немає"), ("-", "website")],
)
def test_an_opt_in_without_real_evidence_changes_nothing(table, people, date, source):
    people(77, opted_out_at=NOON)
    lines = ("phone,consent date,consent source", f"0670000077,{date},{source}")
    imports.import_file(table(*lines), "All")
    assert opted_out() == {phone(77)}


@pytest.mark.parametrize("date", ["03/12/2024", "2999-01-01", "soon"])
def test_an_opt_in_at_an_unclear_or_future_time_is_refused(table, people, reasons, date):
    people(77, opted_out_at=NOON)
    lines = ("phone,consent date,consent source", f"0670000077,{date},website")
    result = imports.import_file(table(*lines), "All")
    assert reasons(result)[0].startswith("consent date: ")
    assert opted_out() == {phone(77)}


@pytest.mark.parametrize(
    "cell", ["Так!", "YES.", "✅", "05-Jun-2024", "Feb 3 2024", "45325", "2024/06/05", "03/12/2024"]
)
def test_an_opt_out_is_honoured_however_it_is_written(table, cell):
    imports.import_file(table("phone;opted out", f"0670000077;{cell}"), "All")
    assert opted_out() == {phone(77)}


@pytest.mark.parametrize("cell", ["N/A", "null", "never", "0000-00-00 00:00:00", "none"])
def test_a_cell_that_says_nothing_is_no_opt_out(table, cell):
    imports.import_file(table("phone,opted out", f"0670000077,{cell}"), "All")
    assert (opted_out(), Recipient.objects.count()) == (set(), 1)


@pytest.mark.parametrize("status", ["stopped", "відмовився", "cleaned", "inactive", "blocked"])
def test_a_status_that_may_be_that_of_an_order_is_no_opt_out(table, status):
    imports.import_file(table("phone,status", f"0670000077,{status}"), "All")
    assert opted_out() == set()


@pytest.mark.parametrize("status", ["un-subscribed", "Отписка", "no consent", "Unsubscribed"])
def test_a_status_about_a_subscription_is_an_opt_out(table, status):
    imports.import_file(table("phone,status", f"0670000077,{status}"), "All")
    assert opted_out() == {phone(77)}


@pytest.mark.parametrize("cell", ["pending", "blue"])
def test_a_subscription_that_is_neither_yes_nor_no_is_no_opt_out(table, cell):
    result = imports.import_file(table("phone,subscribed", f"0670000077,{cell}"), "All")
    assert (opted_out(), result.rejected) == (set(), 0)


def test_an_opt_out_in_a_rejected_row_is_honoured(table, people):
    people(77)
    path = table("phone,name,opted out", f"0670000077,{'x' * 201},yes")
    result = imports.import_file(path, "All")
    assert (opted_out(), result.rejected) == ({phone(77)}, 1)


def test_all_numbers_of_a_person_who_opts_out_are_opted_out(table):
    imports.import_file(table("phone,mobile,opted out", "0670000077,0670000078,yes"), "All")
    assert opted_out() == {phone(77), phone(78)}


def test_a_consent_date_that_cannot_be_read_costs_the_row(table, reasons):
    lines = ("phone,consent date,consent source", "0670000077,soon,website")
    result = imports.import_file(table(*lines), "All")
    assert reasons(result) == ["consent date: not a clear date; write it like 2026-02-28"]


def test_the_same_file_again_records_nothing_again(table):
    path = table(
        "phone,opted out at,consent date,consent source",
        "0670000077,2024-02-02,,",
        "0670000078,,2024-03-03,website",
        "0670000079,yes,,",
    )
    imports.import_file(path, "All")
    recorded = ConsentChange.objects.count()
    again = imports.import_file(path, "All")
    assert (recorded, ConsentChange.objects.count()) == (3, 3)
    assert (again.opted_out, again.unchanged) == (0, 3)


def test_of_two_rows_of_one_person_the_opt_out_counts(table):
    imports.import_file(table("phone,opted_out", "0670000077,yes", "0670000077,no"), "All")
    assert opted_out() == {phone(77)}


MOMENTS = st.integers(-1_000, 1_000).map(lambda days: NOON + timedelta(days=days))
CONSENTS = st.builds(Consent, st.booleans(), st.none() | MOMENTS)


@given(st.lists(CONSENTS, min_size=2, max_size=4))
def test_an_undated_opt_out_counts_wherever_it_is(consents):
    counted = consents[0]
    for one in consents[1:]:
        counted = stricter(counted, one)
    if any(one.is_opt_out and one.at is None for one in consents):
        assert counted.is_opt_out


def test_receivers_hear_of_each_opt_out(table, django_capture_on_commit_callbacks):
    heard = []

    def hear(recipient, change, **_):
        heard.append((recipient.phone, change.is_opt_out))

    with (
        listening(hear, signals.recipient_opted_out),
        django_capture_on_commit_callbacks(execute=True),
    ):
        imports.import_file(table("phone,opted_out", "0670000077,yes", "0670000078,"), "All")
    assert heard == [(phone(77), True)]


def test_the_number_of_statements_does_not_grow_with_the_opt_outs(table):
    def statements(count, first):
        lines = ["phone,opted_out", *(f"{phone(first + n)},yes" for n in range(count))]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            imports.import_file(table(*lines, name=f"{count}.csv"), "All")
        return len(queries)

    statements(1, first=0)  # creates the list
    assert statements(50, first=100) == statements(2, first=200)


def test_a_person_who_was_erased_is_not_brought_back_by_an_opt_out(table, people):
    people(77)
    erase.erase(phone(77))
    result = imports.import_file(table("phone,opted_out", "0670000077,yes"), "All")
    assert result.rejected == 1
    assert not Recipient.objects.exists()


class TestOptOutFiles:
    @pytest.mark.parametrize(
        "lines",
        [
            ("067 000 00 77", "+380670000078"),
            ("phone", "0670000077", "0670000078"),
            ("Телефон;Ім'я", "0670000077;Olena", "0670000078;Taras"),
            ("1;0670000077", "2;0670000078"),
            ("0670000077, 0670000078",),
            ("0670000077;0670000078",),
            ("STOP list", "0670000077", "0670000078"),
            ("12345;0670000077", "12346;0670000078"),
        ],
    )
    @pytest.mark.parametrize("name", ["stop.csv", "stop.txt"])
    def test_everybody_in_the_file_opts_out_and_joins_no_list(self, table, lines, name):
        result = imports.import_file(table(*lines, name=name), reading=OPT_OUTS)
        assert opted_out() == {phone(77), phone(78)}
        assert result.opted_out == 2
        assert not RecipientList.objects.exists()

    def test_known_recipients_keep_what_is_known_of_them(self, table, people):
        people(77, name="Olena")
        imports.import_file(table("0670000077"), reading=OPT_OUTS)
        known = Recipient.objects.get()
        assert (known.name, known.opted_out_at is None) == ("Olena", False)

    def test_an_interrupted_import_continues(self, table, clock, monkeypatch):
        monkeypatch.setattr(imports.importer, "_CHUNK", 1)
        path = table("0670000077", "0670000078")
        clock.stopping = True
        assert not imports.import_file(path, reading=OPT_OUTS, clock=clock).is_complete
        assert imports.import_file(path, reading=OPT_OUTS).resumed_after == 1
        assert len(opted_out()) == 2

    def test_a_rejected_row_can_be_corrected_and_imported(self, table):
        result = imports.import_file(table("0670000077", "06700"), reading=OPT_OUTS)
        corrected = result.rejects.read_text(encoding="utf-8-sig").replace("06700", "0670000078")
        imports.import_file(table(corrected, name="corrected.csv"), reading=OPT_OUTS)
        assert opted_out() == {phone(77), phone(78)}

    def test_the_command_needs_no_list(self, table, capsys):
        call_command("smsbat_import", str(table("0670000077")), "--opt-out")
        assert "1 opted out" in capsys.readouterr().out
        assert opted_out() == {phone(77)}

    @pytest.mark.parametrize("arguments", [[], ["--opt-out", "--list", "All"]])
    def test_the_command_takes_a_list_or_opt_outs(self, table, arguments):
        with pytest.raises(CommandError, match="either --list NAME or --opt-out"):
            call_command("smsbat_import", str(table("phone", "0670000077")), *arguments)
