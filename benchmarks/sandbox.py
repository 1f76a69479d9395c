"""``make bench``: the sandbox's capacity, compared with an empty handler of the same server.

Both serve the same client on the same machine in the same run; compare ratios, not numbers.
"""

import asyncio
import json
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import requests
from aiohttp import web

from django_smsbat.gateway.client import SEND_PATH, STATUS_PATH
from django_smsbat.sandbox.app import Options, Sandbox

SECONDS = 5.0
THREADS = 8
BATCH = 5_000
REQUIRED_STATUS_RATE = 300  # requests per second, on two cores
HEADERS = {"X-Authorization-Key": "sandbox-key", "Content-Type": "application/json"}


def serve_sandbox() -> web.Application:
    return Sandbox(Options(send_rate=0, status_rate=0)).app()


def serve_nothing() -> web.Application:
    async def empty(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({})

    app = web.Application(client_max_size=100_000_000)
    app.router.add_get("/{path:.*}", empty)
    app.router.add_post("/{path:.*}", empty)
    return app


def serve(make: Callable[[], web.Application], ready: Connection) -> None:
    async def run() -> None:
        runner = web.AppRunner(make(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


def status_rate(url: str, message_id: str) -> float:
    """Return requests per second of `THREADS` threads with a connection each, over `SECONDS`."""
    counts = [0] * THREADS
    until = time.perf_counter() + SECONDS

    def ask(place: int) -> None:
        session = requests.Session()
        while time.perf_counter() < until:
            session.get(url + STATUS_PATH + message_id, headers=HEADERS, timeout=10)
            counts[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / SECONDS


def send_seconds(url: str) -> tuple[float, str]:
    """Time a request of 5,000 personal messages: the best of three, in seconds, and one id."""
    messages = [
        {
            "from": "AcmeShop",
            "to": f"+38067{number:07}",
            "type": "sms",
            "text": f"Вітаємо, {number}!",
            "customerMessageId": str(number),
        }
        for number in range(BATCH)
    ]
    body = json.dumps({"messages": messages}, ensure_ascii=False).encode()
    best, result = float("inf"), {}
    for _ in range(3):
        began = time.perf_counter()
        answer = requests.post(url + SEND_PATH, body, headers=HEADERS, timeout=60)
        best = min(best, time.perf_counter() - began)
        answer.raise_for_status()
        result = answer.json()
    return best, result["messages"][0]["messageId"] if result else "x"


def main() -> None:
    measured = {}
    for name, make in (("sandbox", serve_sandbox), ("empty handler", serve_nothing)):
        here, there = multiprocessing.Pipe()
        process = multiprocessing.Process(target=serve, args=(make, there), daemon=True)
        process.start()
        url = f"http://127.0.0.1:{here.recv()}"
        seconds, message_id = send_seconds(url)
        measured[name] = (seconds, status_rate(url, message_id))
        process.terminate()
    (seconds, rate), (floor_seconds, floor_rate) = measured["sandbox"], measured["empty handler"]
    print(f"{'':34}{'sandbox':>10}{'empty':>10}{'ratio':>8}")
    rows = [("5,000 messages in one request, s", seconds, floor_seconds, floor_seconds / seconds)]
    rows += [("status requests a second", rate, floor_rate, rate / floor_rate)]
    for label, own, floor, ratio in rows:
        print(f"{label:34}{own:>10.3f}{floor:>10.3f}{ratio:>8.2f}")
    print(f"status requests: {rate / REQUIRED_STATUS_RATE:.1f} x the {REQUIRED_STATUS_RATE} needed")
    sys.exit(rate < REQUIRED_STATUS_RATE)


if __name__ == "__main__":
    main()
