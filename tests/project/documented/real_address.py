"""The visitor's address, behind a proxy that sets ``X-Real-IP`` on every request."""


class RealAddress:
    """Middleware. Put it first, and only if every request passes through the proxy."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.META["REMOTE_ADDR"] = request.headers.get("X-Real-IP", "")
        return self.get_response(request)
