"""SMSBAT accounts: their settings and their clients."""
