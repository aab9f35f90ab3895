"""What users see of their connections."""

import pytest

from actors.status import Status
from storage import connections
from storage.records import ConnectionKey
from tests.handlers.serving import ADA, Serving


def github(serving: Serving) -> dict[str, object]:
    return serving.get("/api/connections").json["items"][0]


def test_every_platform_is_listed_connected_or_not(serving: Serving) -> None:
    serving.connect()
    rows = serving.get("/api/connections").json["items"]
    assert [(row["platform"], row["configured"], row["status"]) for row in rows] == [
        ("github", True, "connected"),
        ("spotify", True, "disconnected"),
        ("gmail", False, "disconnected"),
    ]
    assert rows[0]["account"] == {"id": "4711", "name": "ada at github"}
    assert rows[0]["token_expires_at"] == "2027-01-15T09:00:00.000Z"
    assert rows[1].keys() == rows[0].keys()


def test_one_can_be_asked_for_alone(serving: Serving) -> None:
    serving.connect()
    assert serving.get("/api/connections/github").json == github(serving)
    assert serving.get("/api/connections/gmail").json["configured"] is False
    answer = serving.get("/api/connections/myspace")
    assert (answer.status, answer.error) == (404, "no_such_platform")


def test_one_in_trouble_says_why_and_where_to_connect_again(serving: Serving) -> None:
    serving.connect(status="needs_reauth")
    serving.write(lambda tx: connections.update(tx, ADA, error_message="The user took it back.", reason="user_revoked"))
    row = github(serving)
    assert (row["status"], row["reason"], row["method"]) == ("needs_reauth", "user_revoked", None)
    assert row["error_message"] == "The user took it back."
    assert row["reconnect_url"] == f"{serving.origin}/api/oauth/github/connect"


@pytest.mark.parametrize("status", ["pending", "disconnected"])
def test_one_without_a_grant_is_not_connected(serving: Serving, status: str) -> None:
    serving.connect(status=status)
    row = github(serving)
    assert (row["status"], row["account"], row["method"]) == ("disconnected", None, None)


def test_no_token_is_in_any_answer(serving: Serving) -> None:
    serving.connect()
    for path in ("/api/connections", "/api/connections/github", "/api/monitoring/status"):
        assert b"an-access-token" not in serving.get(path).body
        assert b"a-refresh-token" not in serving.get(path).body
    for path in ("/api/admin/actors", "/api/admin/actors/ada/github"):
        assert b"-token" not in serving.get(path, role="admin").body


def test_a_connection_to_a_platform_that_is_no_longer_here_is_still_shown(serving: Serving) -> None:
    serving.connect(ConnectionKey("ada", "myspace"))
    rows = {row["platform"]: row for row in serving.get("/api/connections").json["items"]}
    assert (rows["myspace"]["configured"], rows["myspace"]["status"]) == (False, "connected")
    assert rows["myspace"]["method"] is None


def test_monitoring_says_which_method_and_why(serving: Serving) -> None:
    serving.connect()
    serving.connect(ConnectionKey("ada", "spotify"))
    rows = {row["platform"]: row for row in serving.get("/api/monitoring/status").json["items"]}
    assert (rows["github"]["method"], rows["github"]["hooks"]) == ("polling", 1)
    assert "nothing has come by it yet" in rows["github"]["reason"]
    assert (rows["spotify"]["method"], rows["spotify"]["hooks"]) == ("polling", 0)
    assert "no webhooks" in rows["spotify"]["reason"]


def test_monitoring_says_what_the_actor_says(serving: Serving) -> None:
    serving.connect()
    serving.directory.entry(ADA).status = Status("running", "connected", method="webhook", method_reason="It is well.")
    (row,) = serving.get("/api/monitoring/status").json["items"]
    assert (row["method"], row["reason"]) == ("webhook", "It is well.")
    assert (github(serving)["method"], github(serving)["method_reason"]) == ("webhook", "It is well.")


def test_a_stopped_connection_has_no_method(serving: Serving) -> None:
    serving.connect()
    serving.write(lambda tx: connections.update(tx, ADA, halted=True))
    (row,) = serving.get("/api/monitoring/status").json["items"]
    assert row["method"] is None
    assert "administrator" in row["reason"]
