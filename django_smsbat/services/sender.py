"""Who a message is from, where it does not say so itself."""

from django_smsbat import conf
from django_smsbat.gateway.messages import InvalidMessage


def sender_or_default(given: str) -> str:
    """The sender that was given, else the one in the settings.

    Raises:
        InvalidMessage: when there is neither.
    """
    sender = given or conf.current().sender
    if not sender:
        raise InvalidMessage("sender", "give one here, or SENDER in the SMSBAT setting")
    return sender
