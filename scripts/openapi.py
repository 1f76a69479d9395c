"""``python -m scripts.openapi``: write ``docs/openapi.yaml`` from the webhook views."""

import os
from pathlib import Path

import django

FILE = Path(__file__).parent.parent / "docs" / "openapi.yaml"


def rendered() -> str:
    from drf_spectacular.renderers import OpenApiYamlRenderer

    from django_smsbat.webhooks.openapi import document

    return OpenApiYamlRenderer().render(document()).decode()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
    django.setup()
    FILE.write_text(rendered())
