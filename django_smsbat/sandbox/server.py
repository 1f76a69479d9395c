"""Run the sandbox until a signal stops it, or in a thread for a test."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from django_smsbat.gateway.loopback import is_loopback
from django_smsbat.sandbox.app import Options, Sandbox
from django_smsbat.sandbox.error_log import handle_loop_error, logger

LOOPBACK: Final = "127.0.0.1"
_START_SECONDS_MAX: Final = 30


@dataclass(frozen=True)
class Running:
    """A sandbox that responds at `url`; tests may inspect its ledger."""

    url: str
    sandbox: Sandbox


async def _listen(sandbox: Sandbox, host: str, port: int) -> tuple[web.AppRunner, str]:
    asyncio.get_running_loop().set_exception_handler(handle_loop_error)
    runner = web.AppRunner(sandbox.app(), access_log=None, shutdown_timeout=1, logger=logger)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    port = runner.addresses[0][1]
    return runner, f"http://{f'[{host}]' if ':' in host else host}:{port}"


@dataclass(frozen=True)
class Listening:
    """The URL of a sandbox.

    Attributes:
        is_exposed: whether other machines can reach it.
    """

    url: str
    is_exposed: bool


def serve(options: Options, host: str, port: int, on_start: Callable[[Listening], object]) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        host: also allowed in a `Host` header.
        port: 0 for a free one.
        on_start: called when the server is ready.

    Raises:
        OSError: if the port is in use.
    """

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        allowed = replace(options, hosts=(*options.hosts, host))
        runner, url = await _listen(Sandbox(allowed), host, port)
        on_start(Listening(url, any(not is_loopback(name[0]) for name in runner.addresses)))
        await stop.wait()
        await runner.cleanup()

    asyncio.run(run())


@contextmanager
def running(options: Options | None = None, port: int = 0) -> Iterator[Running]:
    """Run a sandbox in a thread of this process until the end of the block."""
    sandbox = Sandbox(options or Options())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="smsbat-sandbox", daemon=True)
    thread.start()
    try:
        starting = asyncio.run_coroutine_threadsafe(_listen(sandbox, LOOPBACK, port), loop)
        runner, url = starting.result(_START_SECONDS_MAX)
        yield Running(url, sandbox)
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(_START_SECONDS_MAX)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
