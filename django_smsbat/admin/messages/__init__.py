"""Pages of messages and of their status events."""
