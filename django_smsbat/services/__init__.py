"""The services: all business rules of this package, on top of the models and the gateway.

Only services change a status. Each entry point calls one function and reports its result.
"""
