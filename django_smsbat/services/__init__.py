"""The work: every rule of this package, over the models and the gateway.

Only here does a status change. Entry points call one function and report what it returned.
"""
