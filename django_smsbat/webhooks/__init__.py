"""SMSBAT's callbacks: incoming messages and delivery reports."""
