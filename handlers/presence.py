"""`/api/presence`: for pages whose stream carries nothing from them to us."""

import msgspec

from handlers.base import ANYONE, Handler
from handlers.errors import BadRequest
from handlers.presence_book import is_page

LONGEST_CLIENT = 64


class Present(msgspec.Struct):
    client: str
    page: str | None


class PresencePath(Handler):
    roles = ANYONE
    counted = False
    quiet = True

    def post(self) -> None:
        said = self.json_body(Present)
        if not 1 <= len(said.client) <= LONGEST_CLIENT or not is_page(said.page):
            raise BadRequest("bad_presence", "client is 1 to 64 characters; page is a path, or null when it is hidden.")
        self.parts.presence.says(self.caller.user, said.client, said.page is not None)
        self.set_status(204)
        self.clear_header("Content-Type")
        self.finish()
