"""Compares the real service with what this project assumes of it, and reports each difference.

`messages` builds one message of each type, `run` sends and follows them by the ordinary path,
`expectations` holds the assumptions as a table, `report` writes the result without secrets.
"""
