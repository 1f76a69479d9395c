"""SMSBAT's REST protocol over HTTP: what goes out, what comes back, what can go wrong.

Knows nothing of Django, of databases or of settings: everything that it needs is passed in,
so that it could be used without the rest of the package.
"""
