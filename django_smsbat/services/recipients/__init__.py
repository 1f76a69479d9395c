"""Recipients: lists, imports, the timeline of a phone number."""
