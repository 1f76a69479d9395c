"""Sentences about the limits of files and approvals, for `sentences`."""

from typing import Final

from django.utils.translation import gettext_noop

FORMS: Final = (
    gettext_noop(
        "the file is larger than %(size)s; divide it, or import it with the command smsbat_import"
    ),
    gettext_noop(
        "the preview takes longer than %(seconds)s seconds; divide the file, or import it with "
        "the command smsbat_import"
    ),
    gettext_noop(
        "the workbook has more than %(count)s parts; save the table as a new workbook or as CSV"
    ),
    gettext_noop(
        "the workbook has more styles, names or other settings than can be read; save the table "
        "as a new workbook or as CSV"
    ),
    gettext_noop("the workbook is larger than %(size)s when it is unpacked; save the table as CSV"),
    gettext_noop(
        "a part of the workbook grows to more than %(count)s times its size when it is unpacked; "
        "save the table as CSV"
    ),
    gettext_noop(
        "a row or a cell of the workbook is larger than %(size)s; remove it, or save the table as"
        " CSV"
    ),
    gettext_noop("the workbook has more than %(count)s different texts; save the table as CSV"),
    gettext_noop(
        "the workbook has rows beyond row %(count)s, the last one of a sheet; save the table as CSV"
    ),
    gettext_noop(
        "row %(row)s has more than %(count)s columns; remove the columns that are not needed"
    ),
    gettext_noop(
        "row %(row)s or one of the %(number)s rows below it is too long: together they are larger"
        " than %(size)s; look for a quote that does not close"
    ),
    gettext_noop("has more than %(count)s cells"),
    gettext_noop(
        "the import failed %(count)s times: its worker was killed, perhaps because the file needs"
        " too much memory; divide the file, or save it as CSV"
    ),
    gettext_noop("The preview was not finished: upload the file again."),
    gettext_noop("There is nothing to approve: so few messages need no approval."),
)
