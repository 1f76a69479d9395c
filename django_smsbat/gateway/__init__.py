"""SMSBAT's REST protocol over HTTP: requests, responses and errors.

This package imports no Django, database or settings code. Callers pass in everything it needs, so
that it could be used on its own.
"""
