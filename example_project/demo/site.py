"""The demo's own site: its database, its settings and its processes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".demo"
DATABASE = FOLDER / "demo.sqlite3"
SECRET = "demo-secret-demo-secret"  # noqa: S105 - guards demo data on the developer's machine
HOST = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 10


def configure(**settings: str) -> None:
    """Point Django at the demo's database and at the sandbox. Call before `django.setup`."""
    FOLDER.mkdir(exist_ok=True)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="example_project.settings",
        DATABASE_URL=f"sqlite:///{DATABASE}",
        SMSBAT_API_KEY="sandbox-key",
        SMSBAT_SENDER="AcmeShop",
        SMSBAT_WEBHOOK_SECRETS=SECRET,
        **settings,
    )


def fresh_database() -> None:
    for leftover in FOLDER.glob(f"{DATABASE.name}*"):
        leftover.unlink()


def free_port(wanted: int = 0) -> int:
    """Return the wanted port, or any free port if it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError("no port is free")


@contextmanager
def process(*arguments: str, stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    """Run a management command as a process, stopped at the end of the block."""
    command = [sys.executable, "-u", str(ROOT / "manage.py"), *arguments]
    started = subprocess.Popen(
        command, stdout=stdout, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def sandbox(*options: str, port: int = 0) -> Iterator[str]:
    """Run the sandbox and yield its address once it responds."""
    arguments = ("smsbat_sandbox", "--port", str(port), *options)
    with process(*arguments, stdout=subprocess.PIPE) as started:
        line = started.stdout.readline() if started.stdout else ""
        if "http://" not in line:
            raise RuntimeError("the sandbox did not start")
        yield line.split()[-1]


@contextmanager
def webserver(port: int) -> Iterator[str]:
    """Run the site and yield its address once it responds."""
    with process("runserver", f"{HOST}:{port}", "--noreload", "--skip-checks") as started:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if started.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the site did not start")
            time.sleep(0.1)
        yield f"http://{HOST}:{port}/"


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def callback_url(site: str) -> str:
    """Return the site's webhook URL, with the secret as Basic password."""
    return site.replace("http://", f"http://smsbat:{SECRET}@") + "smsbat/"
