"""The doors that SMSBAT knocks at: incoming messages and delivery reports."""
