"""`python -m deploy.sandbox --port 3002 --state DIR --service http://127.0.0.1:3001`"""

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

import structlog
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from deploy import logs
from deploy.sandbox import settings
from deploy.sandbox.app import Sandbox

log = structlog.get_logger()


def main() -> int:
    told = _arguments()
    logs.configure(os.environ.get("LOG_LEVEL") or "info", os.environ.get("LOG_FORMAT") or "auto")
    try:
        sockets = bind_sockets(told.port, "127.0.0.1", backlog=1024)
    except OSError as error:
        print(f"sandbox: can't listen on 127.0.0.1:{told.port}: {error.strerror}", file=sys.stderr)
        return 1
    port = sockets[0].getsockname()[1]
    asyncio.run(_serve(sockets, port, told.state, settings.read(told.service, told.state, os.environ)))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox", description="Plays the platforms on loopback.")
    parser.add_argument("--port", type=int, default=3002, help="0: any that is free")
    parser.add_argument("--state", type=Path, required=True, help="the directory that its memory is kept in")
    parser.add_argument("--service", default="http://127.0.0.1:3001", help="the service, whose page may give orders")
    return parser.parse_args()


async def _serve(sockets: list[socket.socket], port: int, state: Path, given: settings.Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sandbox = Sandbox(state, port, given, time.time)
    server = HTTPServer(sandbox.app, max_body_size=1 << 20, idle_connection_timeout=600)
    server.add_sockets(sockets)
    sandbox.outbox.resume()
    log.info("sandbox_started", url=f"http://127.0.0.1:{port}")
    await stop.wait()
    server.stop()
    sandbox.end_faults()  # so that no call is held any more
    await server.close_all_connections()
    await sandbox.close()
    log.info("sandbox_stopped")


if __name__ == "__main__":
    sys.exit(main())
