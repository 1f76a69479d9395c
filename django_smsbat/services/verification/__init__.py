"""Phone verification: SMSBAT delivers a code, and the owner of the phone enters it.

``starting`` sends the code and ``checking`` compares it. The other modules support these two.
"""
