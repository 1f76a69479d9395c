"""The three layers: imports only go down."""

import ast

import pytest

from tests.support.paths import PACKAGE

FACADES = ("campaigns", "inbound", "monitoring", "recipients")
ENTRY_POINTS = ("admin", "webhooks", "management", "urls", "checks", "tasks", "verification")
# Each package with the packages that it may import, besides itself.
ALLOWED = {
    "gateway": set(),
    "messages": {"gateway"},
    "signals": set(),
    "sandbox": {"gateway"},
    "endpoints": {"gateway"},
    "conf": {"gateway"},
    "db": {"conf", "gateway"},
    "models": {"conf", "db", "gateway"},
    "services": {"conf", "db", "gateway", "messages", "models", "runners", "signals"},
    "runners": {"conf", "gateway", "services"},
    "apps": {"checks", "conf", "gateway", "webhooks"},
    "templatetags": {"admin"},
    "pytest_plugin": {"sandbox", "testing"},
    "testing": {"conf", "db", "gateway", "models", "sandbox", "services"},
    "__init__": {"gateway", "services"},
    **{facade: {"models", "services"} for facade in FACADES},
    **{
        room: {
            "conf",
            "db",
            "endpoints",
            "gateway",
            "models",
            "runners",
            "services",
            "sandbox",
            "webhooks",
        }
        for room in ENTRY_POINTS
    },
}
# The subpackages of the services: each line imports only from the lines below it.
SERVICES = (
    ("retention", "polling", "monitoring", "probe"),
    ("email_fallback", "verification", "inbound", "composer"),
    ("sending",),
    ("campaigns", "recipients", "unconfirmed"),
    ("tracking", "consent"),
    ("accounts", "callback_limits", "database_connections", "heartbeats", "transactions"),
    ("clock", "csv_safety", "exceptions", "money", "process_state"),
    ("signal_dispatch", "unexpected"),
)
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts]


def name_of(path):
    return ".".join(["django_smsbat", *path.relative_to(PACKAGE).with_suffix("").parts])


def room_of(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            yield node.module
            if node.module in ("django_smsbat", "django_smsbat.services"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def known_rooms():
    return {room_of(name_of(path)) for path in MODULES}


def test_every_room_has_its_rule():
    assert known_rooms() == set(ALLOWED)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_only_go_down(path):
    room = room_of(name_of(path))
    for module in imports_of(path):
        if module.startswith("django_smsbat."):
            target = room_of(module)
            assert target in ALLOWED[room] | {room}, f"{room} must not import {module}"


def services_of(module):
    """Return the services subpackage or module that contains a module, or None."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["django_smsbat", "services"] and len(parts) > 2 else None


RANKS = {name: rank for rank, line in enumerate(SERVICES) for name in line}


def test_every_subpackage_of_the_services_has_its_line():
    folder = PACKAGE / "services"
    names = {path.stem for path in folder.iterdir() if not path.stem.startswith("__")}
    assert names == set(RANKS)


@pytest.mark.parametrize(
    "path", [path for path in MODULES if services_of(name_of(path))], ids=name_of
)
def test_a_subpackage_of_the_services_imports_only_from_lines_below_it(path):
    own = services_of(name_of(path))
    for module in imports_of(path):
        target = services_of(module)
        if own != "__init__" and target and target != own:
            assert RANKS[target] > RANKS[own], f"{own} must not import {module}"


@pytest.mark.parametrize("room", ["gateway", "sandbox"])
def test_the_protocol_and_its_sandbox_know_no_django(room):
    for path in (PACKAGE / room).rglob("*.py"):
        roots = {module.split(".")[0] for module in imports_of(path)}
        assert not roots & {"django", "rest_framework"}, path


def test_only_conf_touches_djangos_settings():
    touching = [
        name_of(path)
        for path in MODULES
        if any(module == "django.conf" for module in imports_of(path))
    ]
    assert touching == ["django_smsbat.conf.__init__"]


def test_only_the_transport_sends_requests():
    sending = {
        name_of(path)
        for path in MODULES
        if {"requests", "urllib.request", "http.client"} & set(imports_of(path))
    }
    hands, proof, failures = "transport", "auth", "failures"  # the last two import only classes
    assert sending == {f"django_smsbat.gateway.{name}" for name in (hands, proof, failures)}


def test_nothing_in_the_services_reads_the_time_but_the_clock():
    """Only the clock sleeps; elsewhere `timezone.now()` is at most a parameter default."""
    for path in (PACKAGE / "services").rglob("*.py"):
        if path.name != "clock.py":
            assert "time" not in set(imports_of(path)), path
            assert "sleep" not in path.read_text().replace("clock.sleep", ""), path


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_module_says_what_it_owns(path):
    assert ast.get_docstring(ast.parse(path.read_text())) or not path.read_text().strip()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_has_one_subject_and_a_function_one_job(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 350, "about 300 lines at most"
    assert path.stem not in ("utils", "helpers", "common", "misc")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 50, f"{node.name} has more than 50 lines"
