"""Accounts of SMSBAT: their settings and their clients."""
