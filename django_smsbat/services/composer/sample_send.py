"""Send a sample of a campaign's message to the user's own phone."""

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
    """Send the message as a single message that belongs to no campaign.

    Args:
        phone: in any international form.
        person: the recipient with the values for the placeholders.

    Returns:
        The row with its outcome.

    Raises:
        InvalidMessage: if the campaign or the phone is invalid.
        ActionNotAllowed: if no value is available for a placeholder.
        ImproperlyConfigured: if the settings lack the access to SMSBAT.
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
