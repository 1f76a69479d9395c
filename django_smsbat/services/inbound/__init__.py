"""Incoming messages: receiving them, reading them as conversations and replying."""
