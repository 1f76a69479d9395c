"""Exceptions that services raise and entry points show to people."""


class ActionNotAllowed(Exception):
    """The current state does not allow the action. The text is one sentence for people."""
