"""A program that plays SMSBAT on a real port: for development, tests, continuous integration.

Speaks the protocol that the gateway speaks, by the gateway's own tables; knows no models and no
settings. Needs the extra ``django-smsbat[sandbox]``.
"""
