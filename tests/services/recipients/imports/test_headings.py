"""Columns are recognised by the headings that common programs write."""

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
    "other",
    [
        *("Manager phone", "agent_phone", "Seller mobile", "driver_mobile", "Assistant's Phone"),
        *("Emergency contact phone", "Store phone", "Parent phone", "Телефон менеджера"),
        *("Телефон відправника", "Телефон компанії", "Телефон оператора", "phone_id"),
        *("Viber name", "Mobile plan", "Мобільний додаток", "Назва телефону"),
    ],
)
def test_the_phone_of_somebody_else_is_never_taken(other):
    assert list(Columns.of([other, "Телефон"]).phones) == [1]
    assert Columns.of([other, "City"]).phones == ()


@pytest.mark.parametrize(
    ("headings", "first"),
    [
        (["Default Address Phone", "Phone"], 1),
        (["tel_manager", "tel_client"], 1),
        (["Sender phone", "Recipient phone"], 1),
        (["Телефон відправника", "Телефон одержувача"], 1),
        (["Warehouse phone", "Phone"], 1),
    ],
)
def test_a_plain_phone_comes_before_a_qualified_one(headings, first):
    assert Columns.of(headings).phones[0] == first


@pytest.mark.parametrize(
    "heading",
    [
        *("SMS_BLACKLISTED", "mobile_blacklisted", "HasOptedOutOfEmail", "HasOptedOutOfSms"),
        *("is_unsubscribed", "marketing_opt_out", "opt_out_sms", "sms_unsubscribed_at", "Unsub"),
        *("Opted Out Date", "Email Opt Out", "STOP", "Стоп-лист", "Не надсилати SMS"),
        *("Не отправлять", "Заборона розсилки", "Запрет рассылки", "Відмовився від розсилки"),
        *("Отказался от рассылки", "Дата відписки", "Do not text", "Чорний список"),
    ],
)
def test_a_heading_about_an_opt_out_is_known(heading):
    assert recognise(heading).field is Field.OPTED_OUT


@pytest.mark.parametrize(
    "heading",
    [
        *("Підписаний на розсилку", "Подписан на рассылку", "Підписка", "Розсилка"),
        *("Згода на SMS", "Дозвіл на розсилку", "marketing_opt_in", "sms_opted_in"),
        "Чи погоджуєтесь ви отримувати розсилку?",
    ],
)
def test_a_heading_about_a_subscription_is_known(heading):
    assert recognise(heading).field is Field.SUBSCRIBED


@pytest.mark.parametrize(
    "heading", ["SMS Subscriber Status", "SMS Marketing Consent State", "Contact status", "Статус"]
)
def test_a_heading_about_the_status_of_a_subscription_is_known(heading):
    assert recognise(heading).field is Field.STATUS


@pytest.mark.parametrize(
    "heading",
    [
        *("UNSUB_REASON", "UNSUB_CAMPAIGN_TITLE", "Unsubscribe link", "Order status", "Підпис"),
        *("Accepts Email Marketing", "Номер договору", "Номер замовлення", "Стоп-кран"),
        *("Lead Status", "Список покупок", "Причина відмови", "Підписка на журнал"),
    ],
)
def test_a_heading_near_those_about_consent_is_an_attribute(heading):
    assert recognise(heading) is None


@pytest.mark.parametrize(
    "heading",
    ["ПІБ покупця", "ПІБ одержувача", "Имя контакта", "Ваше ім'я", "First Name (Billing)"],
)
def test_the_name_of_whom_the_file_is_about_is_known(heading):
    assert recognise(heading).field is Field.NAME


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
