"""The example project's URLs with those of django-grappelli."""

from django.urls import include, path

from example_project.urls import urlpatterns as _own

urlpatterns = [path("grappelli/", include("grappelli.urls")), *_own]
