"""Middleware of other projects, as a package's endpoints encounter it."""

from django.db import transaction
from django.http import HttpResponse

from django_smsbat.models import RecipientList


class HidesErrors:
    """Turns every exception of a view into a friendly page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        return HttpResponse("Something went wrong", status=200)


def fails_afterwards(get_response):
    def middleware(request):
        get_response(request)
        raise ZeroDivisionError

    return middleware


def reads_body(get_response):
    def middleware(request):
        assert request.body is not None
        return get_response(request)

    return middleware


def reads_post(get_response):
    def middleware(request):
        assert request.POST is not None
        return get_response(request)

    return middleware


def reads_user_afterwards(get_response):
    def middleware(request):
        response = get_response(request)
        response["X-Known"] = str(request.user.is_authenticated)
        return response

    return middleware


def one_transaction(get_response):
    """Note each request inside the request's own transaction."""

    def middleware(request):
        with transaction.atomic():
            RecipientList.objects.create(name=f"request {RecipientList.objects.count()}")
            return get_response(request)

    return middleware
