"""Deleting data: purging what is old, erasing a person."""
