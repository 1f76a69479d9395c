"""A small site that uses django-smsbat: for the demo, for `make run`, and to copy from."""

from importlib.util import find_spec

if find_spec("celery"):  # so that the site, too, publishes tasks with this project's settings
    from example_project.celery import app as celery_app

    __all__ = ["celery_app"]
