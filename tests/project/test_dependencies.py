"""The package's dependencies: bounded, and pinned by hash for the demo and the tests."""

import tomllib
from collections.abc import Iterable

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
GROUPS = PYPROJECT["dependency-groups"]
LOCKS = {"demo": (("sandbox",), ()), "dev": (tuple(EXTRAS), tuple(GROUPS))}
PYTHONS = ("3.11.9", "3.12.1", "3.13.0")


def requirements(extras: Iterable[str], groups: Iterable[str] = ()) -> list[Requirement]:
    lines = [*PROJECT["dependencies"]]
    lines += [line for name in extras for line in EXTRAS[name]]
    lines += [line for name in groups for line in GROUPS[name] if isinstance(line, str)]
    return [Requirement(line) for line in lines]


def pins(lock: str) -> list[Requirement]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text().replace("\\\n", " ")
    lines = [line.partition("--hash")[0].strip() for line in text.splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def on(python: str, lock: str) -> dict[str, str]:
    """Return the version of each package that a lock file installs on one Python version."""
    environment = {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": "linux",
        "platform_machine": "x86_64",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins(lock)
        if pin.marker is None or pin.marker.evaluate(environment)
    }


@pytest.mark.parametrize("requirement", requirements(EXTRAS), ids=lambda one: one.name)
def test_a_dependency_of_a_site_has_a_lower_and_an_upper_bound(requirement):
    operators = {one.operator for one in requirement.specifier}
    assert operators == {">=", "<"}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_satisfies_every_requirement(lock, python):
    pinned = on(python, lock)
    for requirement in requirements(*LOCKS[lock]):
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is pinned to {version}"


@pytest.mark.parametrize("python", PYTHONS)
def test_the_demo_and_the_tests_run_with_the_same_versions(python):
    assert on(python, "demo").items() <= on(python, "dev").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_names_its_files_by_hash(lock):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if "==" in line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if "--hash=sha256:" not in line] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_address(lock):
    assert "://" not in (ROOT / "requirements" / f"{lock}.txt").read_text()


def test_the_oldest_allowed_versions_are_those_that_the_suite_runs_with():
    text = (ROOT / "tests" / "minimum.txt").read_text()
    pinned = {
        pin.name: pin.specifier
        for pin in map(Requirement, [line for line in text.splitlines() if "==" in line])
    }
    lowest = {
        requirement.name: next(one for one in requirement.specifier if one.operator == ">=")
        for requirement in requirements(EXTRAS)
    }
    assert pinned.keys() == lowest.keys()
    for name, bound in lowest.items():
        assert pinned[name].contains(bound.version), name
