"""Writes as fast as it can and says what is done, until it is killed."""

import os
import sys
import time
from threading import Thread

from storage import deliveries, events
from storage.database import Database
from storage.records import ConnectionKey, Draft
from storage.transaction import Transaction
from tests.storage.people import a_delivery

THREADS = 8


def main(url: str, durability: str) -> None:
    database = Database.open(url, durability=durability)
    run = f"{os.getpid()}-{time.monotonic_ns()}"
    for number in range(THREADS):
        Thread(target=write, args=(database, run, f"user-{number}"), daemon=True).start()
    sys.stdin.read()


def write(database: Database, run: str, user: str) -> None:
    number = 0
    while True:
        number += 1
        name = f"{run}-{user}-{number}"

        def unit(tx: Transaction, name: str = name) -> int:
            id_ = deliveries.add(tx, a_delivery(name, ConnectionKey(user, "github")))
            (event,) = events.append(tx, user, [Draft("webhook_received", {"delivery_id": name})], 1.0)
            assert id_
            assert deliveries.finish_all(tx, [id_], 1.0)
            return event.offset

        offset = database.write(unit).result()
        os.write(1, f"{user} {name} {offset}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
