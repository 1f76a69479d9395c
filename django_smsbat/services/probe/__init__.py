"""Compare the real service with this project's assumptions, and report each difference.

`messages` builds a message of each type, `run` sends and follows the messages by the ordinary path,
`expectations` lists the assumptions in a table, `report` writes the result without secrets.
"""
