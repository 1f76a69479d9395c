"""Detect placeholders of other products, which are sent literally.

Some forms have no other use. Other forms, such as a word in square brackets, also occur in ordinary
texts, and count only if they contain a common field name.
"""

import re
from typing import Final

_NAME: Final = r"[^\W\d]\w*"
_PATH: Final = rf"{_NAME}(?:[.:]{_NAME})*"  # subscriber.first_name
_WORDS: Final = rf"{_NAME}(?:['’ʼ.-]\w+)*(?: {_NAME}(?:['’ʼ.-]\w+)*){{0,2}}"  # First Name, Ім'я
_MORE: Final = r"(?:(?: ?\||[,:=!])[^{}\[\]\n]{0,60})?"  # |default, ,fallback=, :first, =firstname

# Each with an example, and a product or language that uses it.
_CERTAIN: Final = (
    rf"\*\|{_PATH}{_MORE}\|\*",  # *|FNAME|* Mailchimp
    rf"\$\{{\s?{_PATH}\s?\}}",  # ${name} Odoo
    rf"[#@$]\{{{_PATH}\}}",  # #{name} Ruby
    rf"\$\[{_PATH}\|?\]\$?",  # $[FNAME|]$ Zoho
    rf"\[%\s?{_PATH}[^%\n]{{0,60}}%\]",  # [%name%] SendGrid, Emma
    rf"<%=?\s?{_PATH}\s?%>",  # <%= name %> ERB
    rf"\{{{{1,3}}\s?[!$=#]?{_WORDS}{_MORE}\s?\}}{{1,3}}",  # {First Name}, {!Contact.Name}, {$name}
    r"\{\d{1,2}\}",  # {0} .NET
    rf"\[\[{_WORDS}{_MORE}\]\]",  # [[name]] GetResponse
    rf"<<{_WORDS}>>",  # <<Name>> spreadsheets
    rf"(?<![<\w])<{_NAME}>",  # <name>
    rf"::{_PATH}::",  # ::subscriber.first_name:: Mailcoach
    rf"%%{_WORDS}%%",  # %%name%% Salesforce
    rf"%\({_NAME}\)[sd]",  # %(name)s Python
    rf"(?<![\d%\w])%{_PATH}%(?!\w)",  # %name% ActiveCampaign, %recipient.name% Mailgun
    rf"(?<![\d%\w])%{_NAME}(?:['’ʼ]\w+|\|[^%|\n]{{0,60}})(?<!\d)%(?!\w)",  # %Ім'я%, %NAME|friend%
    rf"(?<![\w#])##{_PATH}##(?![\w#])",  # ##name##
    rf"(?<![\w$])\${_NAME}",  # $name PHP
    rf"(?<![\w#])#{_PATH}#(?!\w)",  # #name# Moosend
    rf"(?<![\w.@])@{_NAME}@(?![\w.])",  # @name@
    rf"~{_NAME}\.{_PATH}~",  # ~Contact.FirstName~ Keap
)
_IF_FIELD: Final = (
    rf"\[{_WORDS}{_MORE}\]",  # [FIRST NAME], [Name,fallback=]
    rf"(?<![\w-])-{_NAME}-(?![\w-])",  # -name- SendGrid
    rf"«{_WORDS}»",  # «First_Name» Word
    rf"(?<![\w|])\|{_WORDS}\|(?![\w|])",  # |NAME|
    rf"(?<![\w~])~{_NAME}~(?![\w~])",  # ~name~
    rf"(?<!\w)__?{_NAME}__?(?!\w)",  # __name__
)
# The parts of common field names. A text in brackets is a placeholder if it contains nothing else.
_FIELD_NAMES: Final = (
    "first last full middle your user customer client contact subscriber recipient member person",
    "name firstname lastname fullname fname lname surname username nickname phone mobile tel email",
    "mail city country address street company birthday fallback field value merge var variable",
    "ваше ваш ваша моє повне ім'я імя прізвище побатькові піб телефон мобільний пошта імейл місто",
    "адреса клієнт клієнта одержувач отримувач отримувача користувач користувача абонент",
    "имя фамилия отчество фио почта город адрес клиент клиента получатель пользователь",
)
_FIELD_WORDS: Final = frozenset(word for line in _FIELD_NAMES for word in line.split())
_WORD: Final = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CERTAIN_FORM: Final = re.compile("|".join(_CERTAIN))
_IF_FIELD_FORM: Final = re.compile("|".join(_IF_FIELD))


def find(text: str) -> tuple[str, ...]:
    """Return the placeholders of other products, each once, in order of appearance.

    Args:
        text: without this package's own placeholders.
    """
    certain = [(match.start(), match.group()) for match in _CERTAIN_FORM.finditer(text)]
    rest = _CERTAIN_FORM.sub(lambda match: " " * len(match[0]), text)
    likely = [
        (match.start(), match.group())
        for match in _IF_FIELD_FORM.finditer(rest)
        if _names_field(match.group())
    ]
    return tuple(dict.fromkeys(form for _place, form in sorted([*certain, *likely])))


def _names_field(form: str) -> bool:
    head = re.split(r"[|,:=!]", form.strip("|"))[0]
    words = _WORD.findall(_CAPITAL.sub(" ", head).casefold().replace("’", "'").replace("ʼ", "'"))
    return bool(words) and all(word.rstrip("0123456789") in _FIELD_WORDS for word in words)
