"""``python -m example_project.demo.serve``: the admin on the demo's database, with a sandbox."""

import signal
import threading
from contextlib import ExitStack

import django

from example_project.demo import site

SITE_PORT, SANDBOX_PORT = 8000, 8025


def main() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    port, sandbox_port = site.free_port(SITE_PORT), site.free_port(SANDBOX_PORT)
    site.configure(SMSBAT_BASE_URL=f"http://{site.HOST}:{sandbox_port}")
    if not site.DATABASE.exists():
        _prepare()
    callbacks = site.callback_url(f"http://{site.HOST}:{port}/")
    with ExitStack() as beside:
        sandbox = beside.enter_context(site.sandbox("--callback-url", callbacks, port=sandbox_port))
        address = beside.enter_context(site.webserver(port))
        for command in ("smsbat_send", "smsbat_sync"):
            beside.enter_context(site.process(command, "--watch"))
        print(f"The admin:   {address}admin/   login: demo   password: demo")
        print(f"The phones:  {sandbox}/")
        print(f"Verify one:  {address}verify/")
        print("Stop with Ctrl+C.", flush=True)
        stop.wait()


def _prepare() -> None:
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from example_project.demo import people

    people.populate()


if __name__ == "__main__":
    main()
