"""Staff with just the permissions that a test names."""

import pytest
from django.contrib.auth.models import Permission


@pytest.fixture
def staff(client, django_user_model, db):
    """Logs somebody in who may do what is named: ``view_campaign``, ``send_campaign`` ..."""

    def login(*permissions):
        user = django_user_model.objects.create_user("staff", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return login


@pytest.fixture
def boss(client, admin_user):
    client.force_login(admin_user)
    return client
