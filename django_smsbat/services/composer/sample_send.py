"""A campaign's message to one phone of one's own, to be looked at there."""

from django_smsbat.gateway.messages import from_content
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import Campaign, Message, Recipient
from django_smsbat.services.campaigns import audience
from django_smsbat.services.campaigns.placeholders import MissingValue
from django_smsbat.services.campaigns.rendering import values_of
from django_smsbat.services.exceptions import ActionNotAllowed
from django_smsbat.services.sending import single


@private_frames
def send_to(phone: str, campaign: Campaign, person: Recipient | None) -> Message:
    """Send it, as a single message that counts for no campaign; the row with its outcome.

    Args:
        phone: however it is written internationally.
        person: whose values stand in the placeholders.

    Raises:
        InvalidMessage: when the campaign, or the phone, cannot be sent to.
        ActionNotAllowed: when there is nobody to take a placeholder's value from.
        ImproperlyConfigured: when the settings do not say how to reach SMSBAT.
    """
    template = audience.content_of(campaign)
    values = values_of(person, template.fields) if person else {}
    try:
        content = template.fill(values)
    except MissingValue as error:
        raise ActionNotAllowed(
            f"There is {error}: choose a list with a recipient who has one."
        ) from None
    return single.send(from_content(content, phone), account=campaign.account)
