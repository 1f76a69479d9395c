"""A thousand fictional people in two lists; some of them are hard to reach."""

from itertools import cycle, islice

from django.contrib.auth import get_user_model
from django.utils import timezone

from django_smsbat.models import Campaign, Recipient, RecipientList

LOGIN = "demo"
NAMES = ("Олена", "Андрій", "Марія", "Тарас", "Ірина", "Богдан", "Софія", "Дмитро", "", "Юлія")
CITIES = ("Київ", "Львів", "Одеса", "Харків", "Дніпро")
TOTAL = 1_000
OPTED_OUT_EVERY = 50
NO_CITY_EVERY = 100
STAYS_IN_PROCESSING = 6  # two digits that the sandbox never moves to a final status


def populate() -> Campaign:
    """Create a login, the recipients, their lists, and a campaign ready for launch."""
    get_user_model().objects.create_superuser(LOGIN, f"{LOGIN}@example.com", LOGIN)
    people = Recipient.objects.bulk_create(_people())
    kyiv = RecipientList.objects.create(name="Newsletter")
    loyal = RecipientList.objects.create(name="Loyal customers")
    kyiv.recipients.set(people[: TOTAL * 3 // 5])
    loyal.recipients.set(people[TOTAL // 2 :])  # a tenth of all people are on both lists
    campaign = Campaign.objects.create(
        name="Spring sale",
        type="viber_promo",
        text='{{ name|default:"Друже" }}, весняний розпродаж у місті {{ city }}: знижки до 40 %!',
        message_data={
            "img": "https://cdn.example.com/spring.jpg",
            "buttonText": "До магазину",
            "buttonAction": "https://shop.example.com/sale?city={{ city }}",
        },
        fallback_text="Весняний розпродаж: shop.example.com/sale",
        ttl=86_400,
    )
    campaign.lists.set([kyiv, loyal])
    return campaign


def _people() -> list[Recipient]:
    endings = (n for n in range(10_000_000) if n % 100 != STAYS_IN_PROCESSING)
    now = timezone.now()
    return [
        Recipient(
            phone=f"+38067{number:07}",
            name=name,
            attributes={} if place % NO_CITY_EVERY == 1 else {"city": city},
            opted_out_at=now if place % OPTED_OUT_EVERY == 9 else None,
        )
        for place, (number, name, city) in enumerate(
            islice(zip(endings, cycle(NAMES), cycle(CITIES), strict=False), TOTAL)
        )
    ]
