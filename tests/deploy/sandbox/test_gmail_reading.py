"""Gmail's lists, messages and history, as a client reads them."""

import base64
import json
from itertools import pairwise
from typing import Any

from tests.deploy.sandbox.google_scene import DAY, GoogleCase, refusal
from tests.deploy.sandbox.scene import read


class GmailCase(GoogleCase):
    slug = "gmail"
    root = "/gmail/gmail/v1/users/me"

    def newest(self) -> str:
        return str(self.get("/messages", maxResults=1)["messages"][0]["id"])

    def current(self) -> str:
        return str(self.get("/profile")["historyId"])

    def since(self, start: str, **params: Any) -> list[dict[str, Any]]:
        """All pages of the history."""
        records: list[dict[str, Any]] = []
        page: dict[str, Any] = {}
        while True:
            told = self.get("/history", startHistoryId=start, **params, **page)
            records += told.get("history", [])
            if "nextPageToken" not in told:
                return records
            page = {"pageToken": told["nextPageToken"]}


class Messages(GmailCase):
    def test_the_profile_names_the_mailbox_and_where_its_history_stands(self) -> None:
        told = self.get("/profile")
        assert told.keys() == {"emailAddress", "messagesTotal", "threadsTotal", "historyId"}
        assert told["emailAddress"] == "ada@example.com"
        assert isinstance(told["historyId"], str)
        assert told["historyId"].isdecimal()
        assert told["threadsTotal"] < told["messagesTotal"]

    def test_the_list_has_ids_only_newest_first_in_pages_that_miss_nothing(self) -> None:
        whole = self.get("/messages")
        assert whole.keys() == {"messages", "resultSizeEstimate"}
        ids = [one["id"] for one in whole["messages"]]
        assert ids == sorted(ids, reverse=True)
        assert all(len(id_) == 16 for id_ in ids)
        paged, page = [], {}
        while True:
            told = self.get("/messages", maxResults=3, **page)
            paged += [one["id"] for one in told["messages"]]
            if "nextPageToken" not in told:
                break
            page = {"pageToken": told["nextPageToken"]}
            self.happens("mail")  # what comes in meanwhile moves nothing
        assert paged == ids

    def test_what_is_empty_is_left_out(self) -> None:
        assert self.get("/messages", labelIds="TRASH") == {"resultSizeEstimate": 0}

    def test_labels_are_all_asked_for_at_once(self) -> None:
        self.happens("mail")
        starred = self.happens("mail_starred")
        self.happens("mail")
        assert [one["id"] for one in self.get("/messages", labelIds=["INBOX", "STARRED"])["messages"]] == [starred]

    def test_spam_is_listed_only_for_who_asks(self) -> None:
        spam = self.happens("mail_spam")
        assert self.newest() != spam
        assert self.get("/messages", maxResults=1, includeSpamTrash="true")["messages"][0]["id"] == spam
        assert self.get("/messages", labelIds="SPAM")["messages"] == [{"id": spam, "threadId": spam}]

    def test_what_is_taken_out_of_the_spam_is_in_the_inbox_and_told_as_two_changes(self) -> None:
        spam = self.happens("mail_spam")
        start = self.current()
        assert self.happens("mail_saved") == spam
        assert self.newest() == spam
        out, in_ = self.since(start)
        assert out["labelsRemoved"][0]["labelIds"] == ["SPAM"]
        assert "SPAM" not in out["labelsRemoved"][0]["message"]["labelIds"]
        assert in_["labelsAdded"][0]["labelIds"] == ["INBOX"]

    def test_a_message_as_metadata_has_the_headers_that_were_named(self) -> None:
        id_ = self.happens("mail")
        told = self.get(f"/messages/{id_}", format="metadata", metadataHeaders=["From", "Subject", "Date"])
        assert {one["name"] for one in told["payload"]["headers"]} <= {"From", "Subject", "Date"}
        assert told["labelIds"] == ["INBOX", "UNREAD"]
        assert told["internalDate"] == str(int(self.time * 1000))
        assert told["historyId"] == self.current()
        assert told["snippet"]
        assert "body" not in told["payload"]

    def test_the_other_forms(self) -> None:
        id_ = self.happens("mail")
        assert "payload" not in self.get(f"/messages/{id_}", format="minimal")
        full = self.get(f"/messages/{id_}")
        text = base64.urlsafe_b64decode(full["payload"]["body"]["data"]).decode()
        raw = base64.urlsafe_b64decode(self.get(f"/messages/{id_}", format="raw")["raw"]).decode()
        assert raw.rstrip().endswith(text)
        assert self.ask(f"/messages/{id_}", format="all").code == 400

    def test_some_messages_have_no_subject_and_some_answer_others(self) -> None:
        for _ in range(10):
            self.happens("mail")
        listed = self.get("/messages")["messages"]
        headers = [self.headers_of(one["id"]) for one in listed]
        assert any("Subject" not in each for each in headers)
        answers = [one for one in listed if one["threadId"] != one["id"]]
        assert answers
        assert "In-Reply-To" in self.headers_of(answers[0]["id"])

    def headers_of(self, id_: str) -> dict[str, str]:
        told = self.get(f"/messages/{id_}", format="metadata")
        return {one["name"]: one["value"] for one in told["payload"]["headers"]}

    def test_one_that_was_deleted_is_not_found(self) -> None:
        gone = self.happens("mail_deleted")
        assert refusal(self.ask(f"/messages/{gone}")) == (404, "notFound")
        assert self.newest() != gone

    def test_a_mailbox_is_its_owners(self) -> None:
        own = self.call("/gmail/gmail/v1/users/ada@example.com/profile", self.token)
        assert own.code == 200
        other = self.call("/gmail/gmail/v1/users/grace@example.com/profile", self.token)
        assert refusal(other) == (403, "forbidden")

    def test_a_minute_has_6000_units_for_each_user(self) -> None:
        statuses = [self.post("/stop", {}).code for _ in range(121)]
        assert statuses == [204] * 120 + [403]
        assert refusal(self.ask("/profile")) == (403, "userRateLimitExceeded")
        assert self.ask("/messages", self.connect("gmail", "grace")).code == 200
        self.time += 60
        assert self.ask("/profile").code == 200


class History(GmailCase):
    def test_nothing_new_is_an_answer_without_a_history(self) -> None:
        start = self.current()
        assert self.get("/history", startHistoryId=start) == {"historyId": start}

    def test_what_came_in_is_told_once_with_growing_numbers_that_have_gaps(self) -> None:
        start = self.current()
        ids = [self.happens("mail") for _ in range(5)]
        told = self.get("/history", startHistoryId=start)
        assert [one["messagesAdded"][0]["message"]["id"] for one in told["history"]] == ids
        assert told["history"][0]["messages"][0].keys() == {"id", "threadId"}
        assert told["history"][0]["messagesAdded"][0]["message"]["labelIds"] == ["INBOX", "UNREAD"]
        numbers = [int(start), *(int(one["id"]) for one in told["history"])]
        assert numbers == sorted(set(numbers))
        assert all(later - earlier > 1 for earlier, later in pairwise(numbers))
        assert told["historyId"] == self.current() == told["history"][-1]["id"]
        assert self.since(told["historyId"]) == []

    def test_each_kind_of_change_is_a_record_of_its_own(self) -> None:
        start = self.current()
        for kind in ("mail", "mail_read", "mail_starred", "mail_deleted", "mail_sent", "mail_spam"):
            self.happens(kind)
        records = self.since(start)
        kinds = [(record.keys() - {"id", "messages"}).pop() for record in records]
        assert kinds == [
            "messagesAdded", "labelsRemoved", "labelsAdded", "messagesDeleted", "messagesAdded", "messagesAdded",
        ]  # fmt: skip
        assert records[1]["labelsRemoved"][0]["labelIds"] == ["UNREAD"]
        assert records[2]["labelsAdded"][0]["labelIds"] == ["STARRED"]
        assert self.since(start, historyTypes=["labelAdded", "messageDeleted"]) == records[2:4]
        assert self.since(start, labelId="SPAM") == records[5:]

    def test_its_pages_miss_nothing_also_while_more_comes_in(self) -> None:
        start = self.current()
        ids = [self.happens("mail") for _ in range(5)]
        first = self.get("/history", startHistoryId=start, maxResults=2)
        ids.append(self.happens("mail"))
        second = self.get("/history", startHistoryId=start, maxResults=9, pageToken=first["nextPageToken"])
        records = first["history"] + second["history"]
        assert [one["messagesAdded"][0]["message"]["id"] for one in records] == ids

    def test_an_id_of_more_than_a_week_ago_is_not_found_once_something_came_after_it(self) -> None:
        start = self.current()
        self.happens("mail")
        self.time += 6.9 * DAY
        token = self.connect("gmail")
        assert self.ask("/history", token, startHistoryId=start).code == 200
        self.time += 0.2 * DAY
        token = self.connect("gmail")
        assert refusal(self.ask("/history", token, startHistoryId=start)) == (404, "notFound")
        current = json.loads(self.ask("/profile", token).body)["historyId"]
        assert self.ask("/history", token, startHistoryId=current).code == 200

    def test_when_cursors_are_ordered_gone_every_id_so_far_is_too_old(self) -> None:
        start = self.current()
        self.fault("gmail", "cursor_gone", user="ada")
        assert refusal(self.ask("/history", startHistoryId=start)) == (404, "notFound")
        anew = self.current()
        assert int(anew) > int(start)
        id_ = self.happens("mail")
        assert [one["messages"][0]["id"] for one in self.since(anew)] == [id_]

    def test_what_makes_no_sense_is_400(self) -> None:
        for params in (
            {"startHistoryId": ""},
            {"startHistoryId": "-5"},
            {"startHistoryId": "1" * 30},
            {"startHistoryId": self.current(), "historyTypes": "everything"},
            {"startHistoryId": self.current(), "pageToken": "x"},
            {"startHistoryId": self.current(), "maxResults": "many"},
        ):
            assert self.ask("/history", **params).code == 400
        assert self.ask("/messages", q="from:bob").code == 400
        assert self.ask("/messages", pageToken="zz").code == 400

    def test_everybody_has_a_history_of_their_own(self) -> None:
        start = self.current()
        self.happens("mail", "grace")
        assert self.since(start) == []
        assert read(self.ask("/profile", self.connect("gmail", "grace")), 200)["emailAddress"] == "grace@example.com"
