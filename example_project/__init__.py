"""A small site that uses django-smsbat: for the demo, for `make run`, and to copy from."""
