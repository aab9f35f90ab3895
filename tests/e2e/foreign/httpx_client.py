"""Python's `httpx-sse`: one line for each event; comes back with its last id. httpx_client.py URL TOKEN"""

import sys
import time

import httpx
from httpx_sse import SSEError, connect_sse


def main(url: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    wait = 1.0
    while True:
        try:
            with (
                httpx.Client(trust_env=False, timeout=httpx.Timeout(5, read=60)) as client,
                connect_sse(client, "GET", f"{url}/api/sse/stream", headers=headers) as source,
            ):
                for event in source.iter_sse():
                    if event.id:
                        headers["Last-Event-ID"] = event.id
                    if event.retry:
                        wait = event.retry / 1000
                    print(event.data, flush=True)
        except (httpx.TransportError, SSEError):
            pass
        time.sleep(wait)


main(*sys.argv[1:])
