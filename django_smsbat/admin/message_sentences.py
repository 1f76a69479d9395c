"""Sentences about the fields of messages (`gateway.messages`), for `sentences`."""

from typing import Final

from django.utils.translation import gettext_noop

FORMS: Final = (
    gettext_noop("must be one of %(choices)s"),
    gettext_noop("must be a language of two letters, such as %(choices)s"),
    gettext_noop("type must be one of %(choices)s"),
    gettext_noop("needs a time zone"),
    gettext_noop("must be an action"),
    gettext_noop("give text, media or cards"),
    gettext_noop("stand instead of media and buttons, not beside them"),
    gettext_noop("must be after the start"),
    gettext_noop("give a time such as %(example)s"),
    gettext_noop("give a phone number as text, such as %(example)s"),
    gettext_noop("give text"),
    gettext_noop("must not be empty"),
    gettext_noop("holds a character that cannot be sent (NUL or half a pair)"),
    gettext_noop("give whole seconds, more than 0"),
    gettext_noop("%(count)s seconds; at most %(most)s are allowed"),
    gettext_noop("longer than %(most)s characters"),
    gettext_noop("must be an address that begins with https://"),
    gettext_noop("give a whole number above 0"),
    gettext_noop("give a list"),
    gettext_noop("has %(count)s; %(least)s to %(most)s are allowed"),
    gettext_noop("has %(count)s; at least %(least)s is needed"),
    gettext_noop("has %(count)s; %(right)s"),
    gettext_noop("%(count)s characters; at most %(most)s are allowed"),
    gettext_noop("must be a file of %(kinds)s"),
    gettext_noop("%(count)s; at most %(most)s is allowed"),
    gettext_noop("must be an object with named values"),
    gettext_noop("does not know %(name)s; it takes %(names)s"),
    gettext_noop("up to %(most)s Latin letters and digits, or a phone number"),
    gettext_noop("not an address"),
    gettext_noop("a button needs a text beside it"),
    gettext_noop("a button needs a text"),
    gettext_noop("a button needs an address"),
    gettext_noop("an image with text needs a button too; or send the image alone"),
    gettext_noop("give an image or a video, not both"),
    gettext_noop("a file needs a name that ends with .pdf"),
    gettext_noop("fileType must be pdf"),
    gettext_noop("a file needs an address"),
    gettext_noop("no such template; there are %(names)s"),
    gettext_noop("the template needs it"),
    gettext_noop("a video needs it"),
    gettext_noop("belongs to a video, and there is none"),
    gettext_noop("this type carries no free text"),
    gettext_noop("an SMS has no fallback"),
    gettext_noop("not a valid phone number; write it like %(example)s"),
    gettext_noop("letters among the digits; write the number like %(example)s"),
    gettext_noop("a phone number is missing"),
    gettext_noop("several phone numbers; give one"),
    gettext_noop(
        "a spreadsheet has cut the number short; format the column as text, enter the numbers "
        "again and save the file again"
    ),
    gettext_noop(
        "a landline or premium-rate number, which cannot receive messages; give a mobile number"
    ),
    gettext_noop("%(what)s does not belong to a placeholder such as %(example)s"),
    gettext_noop("no value for %(placeholder)s"),
    gettext_noop("%(what)s has braces in its default; write plain text there"),
    gettext_noop("%(what)s has no partner; close the brace or remove it"),
    gettext_noop("%(what)s has a dot in its field name; dots are not supported, write %(example)s"),
    gettext_noop(
        "%(what)s uses the filter %(name)s; the only filter is default, as in %(example)s"
    ),
    gettext_noop("%(what)s needs a default in straight quotes, as in %(example)s"),
    gettext_noop(
        "%(what)s names no field; a field name has letters, digits and _ only, as in %(example)s"
    ),
)
