"""The watch: a mailbox tells a Pub/Sub topic of its changes, for seven days. Asking again begins these anew."""

from collections.abc import Generator, Sequence

from actors.platforms.base import Answer, Call
from actors.platforms.failures import BadAnswer, Forbidden, HookRefused, NotFound
from actors.platforms.gmail.pushes import Subscription
from actors.platforms.google.answers import checked, whole
from storage.records import Account, Hook, Secret

LIFE = 7 * 86_400.0
BUT = ("DRAFT", "SPAM", "TRASH")
"""All other mail is told of: what is sent, and what a filter keeps out of the inbox, is news as well."""


def register(
    api: str, subscription: Subscription, account: Account, now: float
) -> Generator[Call, Answer, Sequence[Hook]]:
    """Anew each day, as Google advises. What pushes is signed by Google itself, with no secret of ours."""
    if missing := subscription.missing():
        raise HookRefused(f"Gmail can only be polled: this service has no {' and no '.join(missing)} for Pub/Sub.")
    json = {"topicName": subscription.topic, "labelIds": list(BUT), "labelFilterBehavior": "exclude"}
    answer = yield Call("POST", f"{api}/gmail/v1/users/me/watch", json=json, cost=100)
    try:
        said = checked(answer).json()
    except (BadAnswer, Forbidden, NotFound) as trouble:
        raise HookRefused(f"Gmail can't tell the topic {subscription.topic} of new mail: {trouble.detail}") from None
    ends = whole(said, "expiration")
    expires_at = ends / 1000 if ends is not None else now + LIFE
    return [Hook("watch", account.details.get("address") or account.name, Secret(""), expires_at)]


def unregister(api: str) -> Generator[Call, Answer, None]:
    answer = yield Call("POST", f"{api}/gmail/v1/users/me/stop", cost=50)
    try:
        checked(answer)
    except NotFound:
        return
