"""The test site under other admin themes, and a program that opens its pages."""
