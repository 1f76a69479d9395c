"""Status requests: what SMSBAT is asked if no callback came."""
