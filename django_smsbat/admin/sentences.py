"""Translates the sentences of the services and the gateway into the reader's language.

Those layers write English, as logs and commands do, and their stored sentences are read in any
language later. Each sentence is recognised by its form and translated with the same values. Unknown
sentences, such as SMSBAT's own texts, stay unchanged.
"""

import re
from functools import cache
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop, ngettext_lazy

from django_smsbat.admin import limit_sentences, message_sentences

# If several forms match, the first wins, so longer forms come before shorter ones.
FORMS: Final[tuple[str, ...]] = (
    *limit_sentences.FORMS,
    *message_sentences.FORMS,
    # Campaigns.
    gettext_noop("Since it was looked at, it has changed: look again."),
    gettext_noop("Since it was looked at, what it says has changed: look again."),
    gettext_noop(
        "Since it was looked at, what it says and who gets it (%(then)s then, %(now)s now) has "
        "changed: look again."
    ),
    gettext_noop(
        "Since it was looked at, who gets it (%(then)s then, %(now)s now) has changed: look again."
    ),
    gettext_noop("Since it was looked at, %(what)s has changed: look again."),
    gettext_noop("So many recipients need another person's approval first."),
    gettext_noop("The person who approved it cannot send it: another person has to."),
    gettext_noop("The person who scheduled it cannot approve it: another person has to."),
    gettext_noop("%(count)s recipients were not approved by another person."),
    gettext_noop("People joined or left the lists in this very moment: try again."),
    gettext_noop("this type is always promotional"),
    gettext_noop("say how many go first"),
    gettext_noop("Set a time in the future to schedule for."),
    gettext_noop("There is a list “%(name)s” already."),
    gettext_noop("The list would be empty."),
    gettext_noop("give one here, or SENDER in the SMSBAT setting of that account"),
    gettext_noop("give one here, or SENDER in the SMSBAT setting"),
    gettext_noop("no account of the settings; there are %(names)s"),
    gettext_noop("A campaign that is %(inner_status)s cannot %(action)s."),
    gettext_noop("There is %(inner)s: choose a list with a recipient who has one."),
    gettext_noop("No recipient would get it: %(inner)s."),
    gettext_noop("%(count)s opted out"),
    gettext_noop("%(count)s invalid number"),
    gettext_noop("%(count)s missing value"),
    gettext_noop("%(count)s invalid content"),
    gettext_noop("The campaign's lists are empty."),
    gettext_noop("Not launched: %(inner)s"),
    gettext_noop(
        "The first %(count)s were sent; look at what became of them, then resume. The rest follows "
        "by itself when %(share)s %% were delivered."
    ),
    gettext_noop("The first %(count)s were sent; look at what became of them, then resume."),
    gettext_noop("Held: the rest waits until you resume."),
    gettext_noop("Of the first %(count)s only %(reached)s %% were delivered, not %(share)s %%."),
    gettext_noop(
        "SMSBAT reported no cost for the first %(count)s messages, so the budget cannot be checked."
    ),
    gettext_noop("The budget of %(budget)s is used up: %(spent)s spent."),
    gettext_noop("every message of a batch was rejected for the same reason: %(inner)s"),
    gettext_noop("the answer does not mention it"),
    gettext_noop("the answer says %(status)s, which is unknown"),
    gettext_noop("gave up after %(count)s failures in a row: %(inner)s"),
    gettext_noop("SMSBAT is left alone for %(seconds)s more seconds"),
    gettext_noop("given up by hand"),
    gettext_noop("A message to this phone is being sent: try again in a few minutes."),
    gettext_noop("A file that may name this person is being imported: try again in a few minutes."),
    # Gateway errors.
    gettext_noop("SMSBAT cannot be reached"),
    gettext_noop("no secure connection to SMSBAT can be made"),
    gettext_noop("the proxy does not lead to SMSBAT"),
    gettext_noop("the trusted certificates cannot be read"),
    gettext_noop("the request could not be started"),
    gettext_noop("too many requests"),
    gettext_noop("SMSBAT is not available now"),
    gettext_noop("the shared storage of the rate limits does not answer"),
    gettext_noop("the credentials are not accepted"),
    gettext_noop("the account has no money left"),
    gettext_noop("no permission, or the account is suspended"),
    gettext_noop("BASE_URL does not lead to SMSBAT's API"),
    gettext_noop("an answer that no document of SMSBAT's names"),
    gettext_noop("SMSBAT knows nothing at that address"),
    gettext_noop("SMSBAT refuses the request"),
    gettext_noop("no answer in time"),
    gettext_noop("the connection was lost"),
    gettext_noop("SMSBAT failed"),
    gettext_noop("the answer cannot be read"),
    # Imported files.
    gettext_noop("no column holds phones: there are %(headings)s"),
    gettext_noop("the table is empty"),
    gettext_noop("phone: this person was erased on request"),
    gettext_noop("phone: empty"),
    gettext_noop("several phone numbers in one cell; give each a row of its own"),
    gettext_noop("the spreadsheet shows the error %(error)s here"),
    gettext_noop("consent date: not a clear date; write it like 2026-02-28"),
    gettext_noop("consent date: lies in the future; write the date of the consent"),
    gettext_noop("opted out: write yes, no, or a date like 2026-02-28"),
    gettext_noop("row 1 holds no headings; add a first row such as: phone, name, email"),
    gettext_noop("there is no column %(heading)s; there are %(headings)s"),
    gettext_noop("column %(place)s is assigned twice; remove one of them"),
    gettext_noop("the attribute has no name; write one such as first_name"),
    gettext_noop("%(name)s cannot be a placeholder; use letters, digits and _, such as first_name"),
    gettext_noop("a flash call needs the number that will ring"),
    gettext_noop("a carousel needs the address of an image"),
    gettext_noop("holds a character that cannot be stored"),
    gettext_noop("the import failed %(count)s times: %(why)s"),
    gettext_noop("%(count)s characters; at most %(most)s are kept"),
    gettext_noop("the headings in row %(row)s cannot be read: the row %(inner)s"),
    gettext_noop(
        "row %(row)s: a quote opens here and does not close before the next row; correct that "
        "row and save the file again"
    ),
    gettext_noop(
        "row %(row)s: a quote opens here and does not close, or a cell holds more than "
        "%(count)s characters; correct that row and save the file again"
    ),
    gettext_noop("row %(row)s is damaged and cannot be read as XLSX"),
    gettext_noop("%(file)s is damaged and cannot be read as XLSX"),
    gettext_noop("%(file)s cannot be read: %(why)s"),
    gettext_noop(
        "holds a formula without a value; open the workbook in a spreadsheet program and save it "
        "there"
    ),
    gettext_noop("is in UTF-8, unlike the rest of the file"),
    gettext_noop("all sheets of the workbook are hidden; unhide the right one"),
    gettext_noop("the encoding %(name)s is not supported; choose one of %(names)s"),
    gettext_noop("%(file)s is not a table: line %(row)s is longer than %(count)s bytes"),
    gettext_noop("%(file)s is not a table; save it as XLSX or CSV"),
    gettext_noop("holds bytes that are not %(encoding)s text"),
    gettext_noop("holds a NUL character"),
    gettext_noop("holds a cell of more than %(count)s characters"),
    gettext_noop("%(count)s cells under %(headings)s headings"),
    gettext_noop("open it and save it as XLSX or CSV"),
    gettext_noop("export the contacts as CSV"),
    gettext_noop("unpack it first"),
    gettext_noop("open it and save it without a password"),
    gettext_noop("save the table as XLSX or CSV"),
    gettext_noop("an Excel 97–2003 workbook"),
    gettext_noop("an XLSB workbook"),
    gettext_noop("an XML Spreadsheet 2003 workbook"),
    gettext_noop("a Strict Open XML workbook"),
    gettext_noop("an ODS spreadsheet"),
    gettext_noop("an OpenDocument file"),
    gettext_noop("an Apple Numbers document"),
    gettext_noop("a Word document"),
    gettext_noop("a PowerPoint presentation"),
    gettext_noop("a PDF document"),
    gettext_noop("an RTF document"),
    gettext_noop("a vCard file"),
    gettext_noop("a calendar"),
    gettext_noop("a web page"),
    gettext_noop("an XML file"),
    gettext_noop("a JSON file"),
    gettext_noop("a database"),
    gettext_noop("an archive"),
    gettext_noop("an image"),
    gettext_noop("protected with a password"),
    # The site's health.
    gettext_noop(
        "No delivery callback came for more than an hour, though messages were sent: ask your "
        "account manager."
    ),
    gettext_noop("Campaign %(key)s is paused: %(inner)s"),
    gettext_noop("Messages wait for the account %(name)s, which the settings do not name."),
    gettext_noop("account %(name)s: %(inner)s"),
    # Sentences with several parts, each of which may be known.
    gettext_noop("%(file)s is %(inner_kind)s; %(inner_advice)s"),
    gettext_noop("%(inner)s (%(details)s)"),
    gettext_noop("%(inner)s, %(inner_rest)s"),
)
# Sentences with a number that selects a plural form.
COUNTED: Final[dict[str, Promise]] = {
    "%(count)s messages wait to be sent: is smsbat_send running?": ngettext_lazy(
        "%(count)s message waits to be sent: is smsbat_send running?",
        "%(count)s messages wait to be sent: is smsbat_send running?",
        "count",
    ),
    "%(count)s messages wait for a status request for more than 15 minutes: smsbat_sync does not "
    "run, or cannot keep up.": ngettext_lazy(
        "%(count)s message waits for a status request for more than 15 minutes: smsbat_sync does "
        "not run, or cannot keep up.",
        "%(count)s messages wait for a status request for more than 15 minutes: smsbat_sync does "
        "not run, or cannot keep up.",
        "count",
    ),
    "%(count)s messages are held by a worker that fell silent: run smsbat_send.": ngettext_lazy(
        "%(count)s message is held by a worker that fell silent: run smsbat_send.",
        "%(count)s messages are held by a worker that fell silent: run smsbat_send.",
        "count",
    ),
    "%(count)s messages are unconfirmed: settle them in the admin or by smsbat_settle.": (
        ngettext_lazy(
            "%(count)s message is unconfirmed: settle it in the admin or by smsbat_settle.",
            "%(count)s messages are unconfirmed: settle them in the admin or by smsbat_settle.",
            "count",
        )
    ),
    "%(count)s fallback e-mails wait: the mail server cannot be reached.": ngettext_lazy(
        "%(count)s fallback e-mail waits: the mail server cannot be reached.",
        "%(count)s fallback e-mails wait: the mail server cannot be reached.",
        "count",
    ),
    "%(count)s fallback e-mails may or may not have left.": ngettext_lazy(
        "%(count)s fallback e-mail may or may not have left.",
        "%(count)s fallback e-mails may or may not have left.",
        "count",
    ),
    "%(count)s incoming messages were refused: INBOUND_UNKNOWN_PER_HOUR is used up.": ngettext_lazy(
        "%(count)s incoming message was refused: INBOUND_UNKNOWN_PER_HOUR is used up.",
        "%(count)s incoming messages were refused: INBOUND_UNKNOWN_PER_HOUR is used up.",
        "count",
    ),
    "%(count)s reports were refused: UNKNOWN_REPORTS_PER_HOUR is used up.": ngettext_lazy(
        "%(count)s report was refused: UNKNOWN_REPORTS_PER_HOUR is used up.",
        "%(count)s reports were refused: UNKNOWN_REPORTS_PER_HOUR is used up.",
        "count",
    ),
    "%(count)s confirmations were not sent: OPT_OUT_CONFIRMATIONS_PER_HOUR is used up.": (
        ngettext_lazy(
            "%(count)s confirmation was not sent: OPT_OUT_CONFIRMATIONS_PER_HOUR is used up.",
            "%(count)s confirmations were not sent: OPT_OUT_CONFIRMATIONS_PER_HOUR is used up.",
            "count",
        )
    ),
}

_DEEPEST: Final = 5
_VALUE: Final = re.compile(r"%\((\w+)\)s")
_BEFORE_COLON: Final = re.compile(r"([\w.\[\]]+): (.+)", re.DOTALL)


def translated(sentence: object, depth: int = 0) -> str:
    """Translate the sentence into the reader's language; unknown sentences stay unchanged.

    Args:
        depth: the level of nesting; limits recursion, because SMSBAT's texts may contain anything.
    """
    text = str(sentence)
    if depth > _DEEPEST:
        return text
    for form, pattern in _patterns():
        if match := pattern.fullmatch(text):
            values = {name: _inner(name, value, depth) for name, value in match.groupdict().items()}
            if form in COUNTED:
                return str(COUNTED[form] % {"count": int(values["count"])})
            return gettext(form) % values
    field = _BEFORE_COLON.fullmatch(text)
    return f"{field[1]}: {translated(field[2], depth + 1)}" if field else text


def is_known(sentence: str) -> bool:
    """Return whether any form matches the sentence."""
    return any(pattern.fullmatch(sentence) for _form, pattern in _patterns())


def _inner(name: str, value: str, depth: int) -> str:
    return translated(value, depth + 1) if name.startswith("inner") else value


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((form, _pattern(form)) for form in (*COUNTED, *FORMS))


def _pattern(form: str) -> re.Pattern[str]:
    """Compile a form into a pattern that also captures its values; a count is written in digits.

    A value ends at the first occurrence of the text that follows it. There is no backtracking, so
    the time grows only with the length of the sentence.
    """
    first, *pieces = _VALUE.split(form)
    written = [_literal(first)]
    for name, behind in zip(pieces[::2], pieces[1::2], strict=True):
        value, text = _matched(name), _literal(behind)
        is_last = len(written) == len(pieces) // 2
        written.append(f"{value}{text}" if is_last else f"(?>{value}{text})")
    return re.compile("".join(written), re.DOTALL)


def _literal(piece: str) -> str:
    return re.escape(piece.replace("%%", "%"))


def _matched(name: str) -> str:
    return f"(?P<{name}>{r'[0-9,]+' if name == 'count' else '.+?'})"
