"""The top-level files that hosted services read: they parse, and name existing files."""

import pytest
import yaml

from tests.support.paths import ROOT

YAML = sorted([*(ROOT / ".github").rglob("*.yml"), ROOT / ".readthedocs.yaml"])


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_a_file_for_a_hosted_service_is_valid_yaml(path):
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_hosted_ci_runs_the_same_command_as_everyone():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    commands = [step.get("run") for step in workflow["jobs"]["test"]["steps"]]
    assert ".ci/run" in commands
    assert (ROOT / ".ci/run").is_file()


def test_the_hosted_documentation_is_built_from_files_that_exist():
    settings = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text())
    assert (ROOT / settings["sphinx"]["configuration"]).is_file()
    assert (ROOT / settings["python"]["install"][0]["requirements"]).is_file()
