"""User ids, as the app gives them."""

import re
from typing import Any

from handlers.errors import BadRequest

_USER_ID = re.compile(r"[A-Za-z0-9._~@|:+-]{1,128}", re.ASCII)


def is_user_id(value: Any) -> bool:
    return isinstance(value, str) and _USER_ID.fullmatch(value) is not None


def checked(value: str) -> str:
    if not is_user_id(value):
        raise BadRequest("bad_user_id", "A user id is 1 to 128 of A-Z a-z 0-9 . _ ~ @ | : + -")
    return value
