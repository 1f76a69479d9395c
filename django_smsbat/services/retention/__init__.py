"""Deleting data: purging old messages, erasing a person."""
