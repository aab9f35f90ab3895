"""The requests about webhooks: make, change, remove, ping; what was delivered, and delivering it again."""

from typing import Any

import msgspec

from deploy.sandbox.calls import iso_seconds
from deploy.sandbox.outbox import Delivery
from deploy.sandbox.platforms.base import Route, SandboxPlatform
from deploy.sandbox.platforms.github.hooks import Hook, HookOrder, hook_of, hooks_on, known_hook, refusal, show
from deploy.sandbox.platforms.github.payloads import ping
from deploy.sandbox.platforms.github.repositories import Repository, account, find
from deploy.sandbox.platforms.github.requests import SignedIn


def routes(platform: SandboxPlatform) -> list[Route]:
    given = {"platform": platform}
    hooks = r"/github/api/repos/([^/]+/[^/]+)/hooks"
    return [
        (hooks, Hooks, given),
        (hooks + r"/(\d+)", OneHook, given),
        (hooks + r"/(\d+)/pings", Pings, given),
        (hooks + r"/(\d+)/deliveries", Deliveries, given),
        (hooks + r"/(\d+)/deliveries/(\d+)", OneDelivery, given),
        (hooks + r"/(\d+)/deliveries/(\d+)/attempts", Attempts, given),
    ]


class OnRepository(SignedIn):
    """Only for who administers the repository; for others it isn't there."""

    repo: Repository

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:
            return
        repo = find(self.person, self.path_args[0])
        if repo is None or not repo.admin:
            self.not_found()
            return
        self.repo = repo

    def order(self) -> HookOrder | None:
        try:
            return msgspec.json.decode(self.request.body, type=HookOrder)
        except msgspec.ValidationError as error:
            self.refuse(422, f"Invalid request.\n\n{error}")
        except msgspec.DecodeError:
            self.refuse(400, "Problems parsing JSON")
        return None

    def hook(self, hook_id: str) -> Hook | None:
        hook = hook_of(self.platform.state, int(hook_id))
        if hook is None or hook.place != self.repo.full_name:
            self.not_found()
            return None
        return hook

    def invalid(self, message: str) -> None:
        self.refuse(422, "Validation Failed", errors=[{"resource": "Hook", "code": "custom", "message": message}])

    def ping(self, hook: Hook) -> Delivery:
        platform = self.platform
        shown = show(hook, platform.api)
        body = ping(shown, account(self.person), self.repo, platform.api, platform.pushed_at(self.repo))
        return platform.outbox.add(platform.slug, hook.id, "ping", None, msgspec.json.encode(body))


class Hooks(OnRepository):
    def get(self, _repo: str) -> None:
        self.answer(200, [show(hook, self.platform.api) for hook in hooks_on(self.platform.state, self.repo)])

    def post(self, _repo: str) -> None:
        order = self.order()
        if order is None:
            return
        state, now = self.platform.state, self.platform.now()
        url, events = order.config.url or "", order.events or ["push"]
        if why := refusal(order, hooks_on(state, self.repo), url, events):
            self.invalid(why)
            return
        with state.change():
            row = state.insert(
                "INSERT INTO hooks (platform, user, place, url, secret, events, form, active, created_at, updated_at)"
                " VALUES ('github', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                self.person.name, self.repo.full_name, url, order.config.secret or "", " ".join(events),
                order.config.content_type or "form", order.active is not False, now, now,
            )  # fmt: skip
            hook = known_hook(state, row)
            pinged = self.ping(hook)
        shown = show(hook, self.platform.api)
        self.answer(201, shown, {"Location": shown["url"]})
        self.platform.outbox.send([pinged])


class OneHook(OnRepository):
    def get(self, _repo: str, hook_id: str) -> None:
        if hook := self.hook(hook_id):
            self.answer(200, show(hook, self.platform.api))

    def patch(self, _repo: str, hook_id: str) -> None:
        hook, order = self.hook(hook_id), None if self._finished else self.order()
        if hook is None or order is None:
            return
        state, config = self.platform.state, order.config
        url, events = config.url or hook.url, order.events or hook.subscribed
        others = [other for other in hooks_on(state, self.repo) if other.id != hook.id]
        if why := refusal(order, others, url, events):
            self.invalid(why)
            return
        state.run(
            "UPDATE hooks SET url = ?, secret = ?, events = ?, form = ?, active = ?, updated_at = ? WHERE id = ?",
            url, hook.secret if config.secret is None else config.secret, " ".join(events),
            config.content_type or hook.form, hook.active if order.active is None else order.active,
            self.platform.now(), hook.id,
        )  # fmt: skip
        self.answer(200, show(known_hook(state, hook.id), self.platform.api))

    def delete(self, _repo: str, hook_id: str) -> None:
        if hook := self.hook(hook_id):
            with self.platform.state.change():
                self.platform.state.run("DELETE FROM hooks WHERE id = ?", hook.id)
                self.platform.state.run("DELETE FROM deliveries WHERE hook_id = ?", hook.id)
            self.answer(204)


class Pings(OnRepository):
    def post(self, _repo: str, hook_id: str) -> None:
        if hook := self.hook(hook_id):
            self.platform.outbox.send([self.ping(hook)])
            self.answer(204)


class Deliveries(OnRepository):
    """Newest first; the next page by the cursor in `Link`."""

    def get(self, _repo: str, hook_id: str) -> None:
        hook = self.hook(hook_id)
        if hook is None:
            return
        _, per_page = self.page(100)
        cursor, only = self.get_argument("cursor", "").removeprefix("v1_"), self.get_argument("status", None)
        if (cursor and not cursor.isdecimal()) or only not in (None, "success", "failure"):
            self.refuse(422, "Validation Failed")
            return
        found = self.platform.outbox.of_hook(hook.id, int(cursor) if cursor else None, per_page + 1, only)
        if len(found) > per_page:
            found = found[:per_page]
            self.set_header("Link", f'<{self._next(hook, per_page, found[-1].id, only)}>; rel="next"')
        self.answer(200, [show_delivery(each, self.repo.id) for each in found])

    def _next(self, hook: Hook, per_page: int, below: int, only: str | None) -> str:
        query = f"?per_page={per_page}&cursor=v1_{below}" + (f"&status={only}" if only else "")
        return f"{self.platform.api}/repos/{hook.place}/hooks/{hook.id}/deliveries{query}"


def show_delivery(delivery: Delivery, repository_id: int) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": iso_seconds(delivery.at),
        "redelivery": delivery.redelivery,
        "duration": delivery.duration,
        "status": delivery.status,
        "status_code": delivery.code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": None,
        "repository_id": repository_id,
        "throttled_at": None,
    }


class OneDelivery(OnRepository):
    def get(self, _repo: str, hook_id: str, delivery_id: str) -> None:
        if hook := self.hook(hook_id):
            delivery = self.platform.outbox.one(hook.id, int(delivery_id))
            if delivery is None:
                self.not_found()
                return
            payload = msgspec.Raw(delivery.body)
            self.answer(200, {**show_delivery(delivery, self.repo.id), "request": {"headers": {}, "payload": payload}})


class Attempts(OnRepository):
    """Once more, under the same GUID."""

    def post(self, _repo: str, hook_id: str, delivery_id: str) -> None:
        if hook := self.hook(hook_id):
            delivery = self.platform.outbox.one(hook.id, int(delivery_id))
            if delivery is None:
                self.not_found()
                return
            self.platform.outbox.send([self.platform.outbox.again(delivery)])
            self.answer(202, {})
