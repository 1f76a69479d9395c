"""Verification of phones: a code is sent, and entered again by who holds the phone.

``starting`` sends it, ``checking`` compares it; what else stands here serves these two.
"""
