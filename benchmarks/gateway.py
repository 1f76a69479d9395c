"""``python -m benchmarks.gateway``: a minimal stand-in for SMSBAT, so that no client waits for it.

It accepts everything, stores nothing and checks nothing. The sandbox does all of that and would be
the bottleneck of a campaign on two cores.
"""

import asyncio
import itertools
import json

HOST = "127.0.0.1"
_numbers = itertools.count(1)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection in order."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next(
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            body = accepted(await reader.readexactly(length))
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(body)).encode()
                + b"\r\n\r\n"
                + body
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def accepted(body: bytes) -> bytes:
    """Return the sandbox's response to a fully accepted request."""
    list_number = next(_numbers)
    messages = [
        {
            "messageId": f"{list_number:08x}{place:08x}",
            "status": "accepted",
            "parts": 1,
            "to": message["to"],
            "customerMessageId": message["customerMessageId"],
        }
        for place, message in enumerate(json.loads(body)["messages"])
    ]
    return json.dumps({"messagelistId": list_number, "messages": messages}).encode()


async def serve() -> None:
    server = await asyncio.start_server(answer, HOST, 0, limit=2**16)
    print(f"http://{HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
