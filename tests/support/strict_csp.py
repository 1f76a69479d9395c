"""The strictest content security policy, on every page of the test site."""

POLICY = "default-src 'self'"


def strict_csp(get_response):
    def respond(request):
        response = get_response(request)
        response["Content-Security-Policy"] = POLICY
        return response

    return respond
