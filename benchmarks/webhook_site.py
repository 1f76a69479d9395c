"""The webhooks on a real WSGI server, next to an empty view of Django REST framework."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

from django.core.wsgi import get_wsgi_application
from django.urls import include, path

application = get_wsgi_application()

from rest_framework.request import Request  # noqa: E402 - needs the settings
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Empty(APIView):
    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        return Response({"detail": "Nothing."})


urlpatterns = [
    path("smsbat/", include("django_smsbat.urls")),
    path("empty/", Empty.as_view()),
]
