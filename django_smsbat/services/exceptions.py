"""Exceptions that services raise and entry points show."""


class ActionNotAllowed(Exception):
    """An action that is not allowed in the present state; the text is one sentence for people."""
