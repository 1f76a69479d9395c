"""Status requests to SMSBAT for messages without a callback."""
