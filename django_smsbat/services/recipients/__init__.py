"""Recipients: the rules for who is stored, imported and listed."""
