"""Incoming messages: received, read as conversations, answered."""
