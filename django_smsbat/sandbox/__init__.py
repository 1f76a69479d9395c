"""A simulator of SMSBAT on a real port: for development, tests and continuous integration.

It implements the gateway's protocol from the gateway's own tables, and uses no models and no
settings. Needs the extra ``django-smsbat[sandbox]``.
"""
