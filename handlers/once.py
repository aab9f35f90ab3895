"""`Idempotency-Key`: a request that is made again has the same answer, and no second effect."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from handlers.base import Handler
from handlers.errors import BadRequest, Unprocessable
from storage import answers
from storage.answers import Kept
from storage.transaction import Transaction

KEPT_FOR = 86_400.0
LONGEST_KEY = 255
Answer = dict[str, Any]


async def write_once(handler: Handler, asked: Any, unit: Callable[[Transaction], Answer]) -> Answer:
    """Does the unit, whose result is the answer, unless the caller had that answered under the same key. `asked` is
    what the request comes down to. Key and effect are one transaction: a crash leaves both or neither, and of two
    that come at once the writer sees one after the other."""
    key = _key(handler)
    if key is None:
        return await handler.parts.bridge.write(unit)
    caller, now = f"{handler.caller.role}:{handler.caller.user}", handler.parts.clock.now()
    digest = hashlib.sha256(msgspec.json.encode((handler.request.path, asked), order="sorted")).hexdigest()

    def whole(tx: Transaction) -> Answer | None:
        kept = answers.recall(tx, caller, key, now)
        if kept is None:
            answer = unit(tx)
            answers.keep(tx, caller, key, Kept(digest, msgspec.json.encode(answer).decode()), now + KEPT_FOR)
            return answer
        return msgspec.json.decode(kept.answer, type=Answer) if kept.digest == digest else None

    answer = await handler.parts.bridge.write(whole)
    if answer is None:
        raise Unprocessable("idempotency_key_reused", "This Idempotency-Key was used for another request.")
    return answer


def _key(handler: Handler) -> str | None:
    keys = handler.request.headers.get_list("Idempotency-Key")
    if not keys:
        return None
    (key, *more) = keys
    if more or not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise BadRequest("bad_idempotency_key", f"An Idempotency-Key is 1 to {LONGEST_KEY} printable characters.")
    return key
