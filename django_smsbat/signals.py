"""Signals for other code. All are sent after the commit.

A receiver that fails is logged; it stops neither other receivers nor the work.

``message_status_changed``: `message` (a Message), `old_status`, `new_status`.
``inbound_received``: `inbound` (an InboundMessage), once for each message.
``recipient_opted_out``, ``recipient_opted_in``: `recipient` (a Recipient), `change` (a
ConsentChange), only if the consent changed.
``campaign_finished``: `campaign` (a Campaign), once for each campaign.
``phone_verified``: `verification` (a Verification), once for each.
``verification_prefix_closed``: `closed_prefix` (a ClosedPrefix): its codes were requested but
not entered.
"""

from django.dispatch import Signal

message_status_changed = Signal()
inbound_received = Signal()
recipient_opted_out = Signal()
recipient_opted_in = Signal()
campaign_finished = Signal()
phone_verified = Signal()
verification_prefix_closed = Signal()
