"""The composer: audio, a flash call's number, and languages outside the choices."""

import pytest
from django.urls import reverse

from django_smsbat.admin.campaigns.composer.phone import bubble_of
from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.messages import Content
from django_smsbat.models import Campaign, RecipientList

ADD = reverse("admin:smsbat_campaign_add")


@pytest.fixture
def everybody(db):
    return RecipientList.objects.get_or_create(name="All")[0]


class TestAudio:
    def test_audio_is_composed_like_a_picture(self, boss, everybody):
        address = "https://cdn.example.com/news.mp3"
        inputs = {"rcs-media-url": address, "rcs-media-mime_type": "audio/mpeg"}
        asked = {"name": "News", "type": "rcs", "lists": [everybody.pk], **inputs}
        assert boss.post(ADD, asked).status_code == 302
        assert Campaign.objects.get().message_data == {
            "media": {"url": address, "type": "audio/mpeg"}
        }

    @pytest.mark.parametrize(
        ("mime_type", "kind"),
        [("image/png", "image"), ("video/mp4", "video"), ("audio/aac", "audio"), ("", "image")],
    )
    def test_the_phone_shows_each_kind_of_media_as_such(self, mime_type, kind):
        media = {"url": "https://cdn.example.com/a%20file", "type": mime_type}
        [shown] = bubble_of(Content(type="rcs", message_data={"media": media})).pictures
        assert (shown.kind, shown.name) == (kind, "a file")

    def test_the_limits_of_each_kind_are_beside_the_input(self, boss):
        page = boss.get(ADD).content.decode()
        assert "audio: MP3, AAC, up to 5 MB and 5 minutes" in page
        assert "picture: JPEG, PNG, GIF, up to 2 MB;" in page


class TestFlashCall:
    def test_without_a_number_it_is_refused_at_the_input(self, boss, everybody):
        asked = {"name": "Call", "type": "flashcall", "lists": [everybody.pk]}
        page = boss.post(ADD, asked).content.decode()
        assert "Number that rings: must not be empty" in page
        assert not Campaign.objects.exists()

    @pytest.mark.parametrize(
        ("data", "shown"), [({}, "…"), ({"callerId": "+380441112233"}, "+380441112233")]
    )
    def test_the_phone_shows_the_number_that_rings(self, data, shown):
        drawn = bubble_of(Content(type="flashcall", message_data=data))
        assert drawn.lines == (("Missed call", shown),)


def test_a_stored_language_that_is_no_choice_is_kept(boss, campaign, everybody):
    data = {"templateId": otp_templates.find("basic").id, "templateLang": "hu"}
    made = campaign(
        type="viber_otp", text="", message_data={**data, "templateParams": {"pin": "1"}}
    )
    url = reverse("admin:smsbat_campaign_change", args=[made.pk])
    page = boss.get(url).content.decode()
    assert '<option value="hu" selected>hu</option>' in page
    assert '<option value="uk">uk</option>' in page
