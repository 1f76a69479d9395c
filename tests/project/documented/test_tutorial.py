"""The tutorial, run verbatim: in an empty folder, with the wheel, in its own environment."""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "tutorial.rst"
PATIENCE = 60  # seconds until a program responds at its port
BLOCK = re.compile(
    r"^\.\. code-block:: (?P<kind>\w+)\n(?:   :caption: (?P<caption>.+)\n)?\n"
    r"(?P<text>(?:(?:   .*)?\n)+)",
    re.MULTILINE,
)
DOCTEST = """
import doctest, sys
tried = doctest.testfile("block.txt", module_relative=False, optionflags=doctest.ELLIPSIS)
sys.exit(bool(tried.failed) or not tried.attempted)
"""
pytestmark = [pytest.mark.slow, pytest.mark.packaging, pytest.mark.once]


@dataclass
class Block:
    kind: str
    caption: str
    text: str


def blocks(replaced):
    page = PAGE.read_text()
    for old, new in replaced.items():
        assert old in page, old
        page = page.replace(old, new)
    for found in BLOCK.finditer(page):
        lines = [line[3:] for line in found["text"].rstrip().splitlines()]
        yield Block(found["kind"], found["caption"] or "", "\n".join(lines) + "\n")


def free_ports(count):
    """Return different ports: all stay open until the last is known."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Reader:
    """A reader who follows the page exactly."""

    def __init__(self, folder, ports):
        self.folder = folder
        self.ports = ports
        # As on a machine without any of our configuration.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SMSBAT")}
        self.environment = {**kept, "DJANGO_SETTINGS_MODULE": "mysite.settings"}
        for name in ("DATABASE_URL", "PYTEST_XDIST_WORKER"):
            self.environment.pop(name, None)
        self.programs = []

    def follow(self, block):
        if block.kind == "console" and block.caption:
            self.start(block)
        elif block.kind == "console":
            for command, expected in commands(block):
                self.run(command, expected)
        elif block.kind == "pycon":
            (self.folder / "block.txt").write_text(block.text)
            self.run(f"python manage.py shell -v 0 -c '{DOCTEST}'", [])
        else:
            self.write(block)

    def run(self, command, expected):
        script = f"set -e; {command}\necho; echo ---; pwd; env -0 > .environment"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        said, _, where = done.stdout.rpartition("---\n")
        self.remember(Path(where.strip()))
        for line in expected:
            assert line == "..." or line in said, f"{command}\n{done.stdout}\n{done.stderr}"

    def remember(self, folder):
        """Store the state that a shell keeps between commands."""
        self.folder = folder
        pairs = (folder / ".environment").read_text().split("\0")
        self.environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        (folder / ".environment").unlink()

    def start(self, block):
        [(command, _)] = commands(block)
        log = (self.folder / f"{len(self.programs)}.log").open("w")
        started = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self.environment,
            stdout=log,
            stderr=log,
        )
        self.programs.append(started)
        port = 8025 if "sandbox" in command else 8000
        wait_for(self.ports[port])

    def write(self, block):
        name, _, how = block.caption.partition(", ")
        path = self.folder / name
        before = path.read_text() if how == "at the end" else ""
        path.write_text(before + "\n" + block.text if before else block.text)

    def stop(self):
        for program in self.programs:
            program.terminate()
        for program in self.programs:
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()


def commands(block):
    """Return each command with its documented output."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, *expected = part.rstrip().splitlines()
        yield command, [line for line in expected if line.strip()]


def wait_for(port):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nobody answers at port {port}")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_it_can_be_followed_word_for_word(tmp_path, wheel):
    reader = Reader(tmp_path, dict(zip((8000, 8025), free_ports(2), strict=True)))
    replaced = {
        '"django-smsbat[sandbox]"': f'"{wheel}[sandbox]"',
        "python3 -m venv": f"{sys.executable} -m venv",
        "127.0.0.1:8000": f"127.0.0.1:{reader.ports[8000]}",
        "127.0.0.1:8025": f"127.0.0.1:{reader.ports[8025]}",
        "--noreload 8000": f"--noreload {reader.ports[8000]}",
        "smsbat_sandbox --speed": f"smsbat_sandbox --port {reader.ports[8025]} --speed",
    }
    try:
        for block in blocks(replaced):
            reader.follow(block)
    finally:
        reader.stop()


def test_no_step_is_overlooked():
    """Control: a block that the reader does not parse would be an untested step."""
    assert len(list(blocks({}))) == PAGE.read_text().count(".. code-block::")
