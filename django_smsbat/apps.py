"""The app's configuration: its name, its checks, its log filter, its API description."""

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class DjangoSmsbatConfig(AppConfig):
    name = "django_smsbat"
    label = "smsbat"
    verbose_name = _("SMSBAT messaging")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django_smsbat import checks, conf  # noqa: F401 - checks register themselves
        from django_smsbat.conf import error_reports
        from django_smsbat.gateway import phones
        from django_smsbat.webhooks import log_filter

        log_filter.install()
        error_reports.hide_own_settings()
        phones.use_default_region(lambda: conf.current().default_region)

        if apps.is_installed("drf_spectacular"):
            from django_smsbat.webhooks import openapi  # noqa: F401 - registers itself
