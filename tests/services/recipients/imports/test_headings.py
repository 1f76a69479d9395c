"""Columns are recognised by their headings, as the usual programs write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.services.recipients.imports.columns import Columns
from django_smsbat.services.recipients.imports.fields import Field
from django_smsbat.services.recipients.imports.headings import fold, recognise

EXPORTS = {
    "Google Contacts": (
        "First Name,Middle Name,Last Name,Labels,E-mail 1 - Label,E-mail 1 - Value,"
        "Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value",
        {"Phone 1 - Value", "Phone 2 - Value"},
        "First Name",
        "E-mail 1 - Value",
    ),
    "Google Contacts, old": (
        "Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,"
        "Phone 1 - Type,Phone 1 - Value",
        {"Phone 1 - Value"},
        "Name",
        "E-mail 1 - Value",
    ),
    "Outlook": (
        "First Name,Last Name,Company,Business Fax,Business Phone,Home Phone,Mobile Phone,"
        "E-mail Address,E-mail Type,E-mail Display Name",
        {"Business Phone", "Home Phone", "Mobile Phone"},
        "First Name",
        "E-mail Address",
    ),
    "HubSpot": (
        "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Contact owner,"
        "Last Activity Date,Lead Status",
        {"Phone Number", "Mobile Phone Number"},
        "First Name",
        "Email",
    ),
    "Mailchimp": (
        "Email Address,First Name,Last Name,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,"
        "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE",
        {"Phone Number"},
        "First Name",
        "Email Address",
    ),
    "Odoo": ("External ID,Name,Phone,Mobile,Email,City", {"Phone", "Mobile"}, "Name", "Email"),
    "Shopify": (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Phone,"
        "Phone,Accepts SMS Marketing,Total Spent",
        {"Default Address Phone", "Phone"},
        "First Name",
        "Email",
    ),
    "WooCommerce": (
        "order_number,status,billing_first_name,billing_email,billing_phone,order_total",
        {"billing_phone"},
        "billing_first_name",
        "billing_email",
    ),
    "Meta lead ads": (
        "id,created_time,ad_name,form_name,platform,full_name,phone_number,email",
        {"phone_number"},
        "full_name",
        "email",
    ),
    "1C": (
        "Код,Наименование,Телефон контрагента,Адрес электронной почты,Менеджер",
        {"Телефон контрагента"},
        "Наименование",
        "Адрес электронной почты",
    ),
    "1C in Ukrainian": (
        "Код;Найменування;Номер телефону;Електронна пошта".replace(";", ","),
        {"Номер телефону"},
        "Найменування",
        "Електронна пошта",
    ),
}


@pytest.mark.parametrize("product", EXPORTS)
def test_the_exports_of_usual_products_are_understood(product):
    headings, phones, name, email = EXPORTS[product]
    columns = Columns.of(headings.split(","))
    found = {field: {one.heading for one in columns.of_field(field)} for field in Field}
    assert found[Field.PHONE] == phones
    assert (found[Field.NAME], found[Field.EMAIL]) == ({name}, {email})


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "phone",
            "Phone",
            "PHONE_NUMBER",
            "phoneNumber",
            "Phone:",
            "Tel.",
            "msisdn",
            "Cell Phone",
        ),
        *("Тел.", "телефон", "Телефон (моб)", "Мобільний телефон", "моб. тел. 2", "№ телефону"),
        *("Номер мобільного", "Телефон клієнта", "Контактний телефон", "Viber", "WhatsApp Number"),
        *("Мобильный телефон", "Номер телефона", "Сотовый", "Контактный телефон", "телефон2"),
    ],
)
def test_a_heading_of_phones_is_known(heading):
    assert recognise(heading).field is Field.PHONE


@pytest.mark.parametrize(
    "heading",
    [
        *("Phone 1 - Label", "Phone Type", "Phone verified", "Country code", "Fax", "Phone model"),
        *("Last phone call", "Тип телефону", "Факс", "Оператор мобільного", "Mobile app version"),
        *("What is the best phone number to call you on", "Mailing address", "Email status"),
        *("Accepts Email Marketing", "Email verified", "City", "Місто", "", "  ", "№"),
    ],
)
def test_a_heading_about_something_else_is_not_taken_for_a_field(heading):
    assert recognise(heading) is None


@pytest.mark.parametrize(
    ("headings", "order"),
    [
        (["Phone", "Mobile"], [1, 0]),
        (["Home phone", "Phone", "Mobile"], [2, 1, 0]),
        (["Телефон", "Телефон"], [0, 1]),
        (["Number", "Customer", "Phone"], [2]),
        (["Номер", "Телефон"], [1]),
        (["Номер", "Ім'я"], [0]),
    ],
)
def test_a_specific_heading_is_tried_before_a_vague_one(headings, order):
    assert list(Columns.of(headings).phones) == order


@pytest.mark.parametrize(
    ("headings", "name"),
    [
        (["Ім'я", "ПІБ"], "ПІБ"),
        (["First Name", "Full Name"], "Full Name"),
        (["Customer", "Name"], "Name"),
        (["Клієнт", "Телефон"], "Клієнт"),
        (["Прізвище", "Ім’я"], "Ім’я"),
    ],
)
def test_the_most_specific_heading_names_the_person(headings, name):
    [column] = Columns.of(headings).of_field(Field.NAME)
    assert column.heading == name


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("UNSUB_TIME", Field.OPTED_OUT),
        ("Unsubscribed from all email", Field.OPTED_OUT),
        ("Opted Out", Field.OPTED_OUT),
        ("opted out at", Field.OPTED_OUT),
        ("Відписка", Field.OPTED_OUT),
        ("Отказ от рассылки", Field.OPTED_OUT),
        ("Чорний список", Field.OPTED_OUT),
        ("Accepts SMS Marketing", Field.SUBSCRIBED),
        ("Згода на розсилку", Field.SUBSCRIBED),
        ("status", Field.STATUS),
        ("Статус підписки", Field.STATUS),
        ("OPTIN_TIME", Field.CONSENT_DATE),
        ("Дата згоди", Field.CONSENT_DATE),
        ("consent source", Field.CONSENT_SOURCE),
        ("Джерело згоди", Field.CONSENT_SOURCE),
    ],
)
def test_columns_about_consent_are_known(heading, field):
    assert recognise(heading).field is field


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(heading):
    assert fold(fold(heading)) == fold(heading)
