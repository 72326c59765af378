"""The HTTP part: accounts, what is refused and how, and that every answer is one the OpenAPI document knows."""

import socket
import time
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from serving import Chat

GOOD = {"email": "a@example.org", "password": "correct horse", "name": "Ann"}


def test_an_account_and_its_profile_come_to_be_together_or_not_at_all(chat: Chat) -> None:
    body = {**GOOD, "email": "both@example.org"}
    login = {"email": body["email"], "password": body["password"]}
    chat.fault(fail_second_write={})
    assert chat.http.post("/auth/register", json=body).status_code == 500
    assert chat.http.post("/auth/login", json=login).status_code == 200, "the fault leaves an account without profile"
    chat.heal()
    body["email"] = login["email"] = "neither@example.org"
    assert chat.http.post("/auth/register", json=body).status_code == 201
    again = chat.http.post("/auth/register", json={**body, "email": "NEITHER@example.org"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "email_taken")
    token = chat.http.post("/auth/login", json=login).json()["access_token"]
    me = chat.http.get("/auth/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["email"], me["name"]) == ("neither@example.org", "Ann")


def test_a_refresh_token_is_good_once_and_used_again_it_ends_the_session(chat: Chat) -> None:
    user = chat.user()
    old = {"refresh_token": user.session["refresh_token"]}
    with user.connected() as client:
        new = chat.http.post("/auth/refresh", json=old).json()
        assert chat.http.post("/auth/refresh", json=old).status_code == 401
        assert client.closed() == 1008
    assert chat.http.post("/auth/refresh", json={"refresh_token": new["refresh_token"]}).status_code == 401
    assert chat.http.get("/auth/me", headers={"Authorization": f"Bearer {new['access_token']}"}).status_code == 401


def test_a_wrong_password_and_an_unknown_address_look_the_same(chat: Chat) -> None:
    user = chat.user()
    answers = [
        chat.http.post("/auth/login", json={"email": email, "password": "wrong horse"})
        for email in (user.email, "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[" * 10_000, {}, 422),
        (b"\xff\xfe", {}, 400),
        (b"[]", {}, 422),
        (b"{}", {}, 422),
        (b'{"email": 5, "password": "correct horse", "name": "Ann"}', {}, 422),
        (b'{"email": "no address", "password": "correct horse", "name": "Ann"}', {}, 422),
        (b'{"email": "a@b.c", "password": "short", "name": "Ann"}', {}, 422),
        (b'{"email": "a@b.c", "password": "correct horse", "name": "A\\u0000"}', {}, 422),
        (b'{"email": "a@b.c", "password": "correct horse", "name": "Ann", "admin": true}', {}, 422),
        (b'{"name": "' + b"x" * 20_000 + b'"}', {}, 413),
        (b'{"email": "a@b.c", "password": "correct horse", "name": "Ann"}', {"content-type": "text/plain"}, 415),
    ],
)
def test_what_is_no_registration_is_refused(chat: Chat, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = chat.http.post("/auth/register", content=body, headers={"content-type": "application/json", **headers})
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message"}


def test_a_body_that_says_no_length_is_cut_off_at_the_limit(chat: Chat) -> None:
    parts = (b"x" * 1000 for _ in range(10_000))
    answer = chat.http.post("/auth/register", content=parts, headers={"content-type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize("sent", [b"", b"GET /health/live HT", b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: "])
def test_who_never_ends_his_request_is_cut_off(chat: Chat, sent: bytes) -> None:
    host, port = chat.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(sent)
        began = time.monotonic()
        for _ in range(100):
            try:
                raw.sendall(b"x" if sent else b"")
                raw.settimeout(0.05)
                if raw.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        assert 0.3 < time.monotonic() - began < 5  # 15 s, at a twentieth


def test_a_slow_body_is_told_so(chat: Chat) -> None:
    host, port = chat.url.removeprefix("http://").split(":")
    head = b"POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(head)
        assert raw.recv(1000).startswith(b"HTTP/1.1 408")


def test_the_debug_part_needs_its_secret(chat: Chat) -> None:
    for headers in ({}, {"X-Chat-Test-Secret": "wrong"}):
        for method, path in [("GET", "/debug/census"), ("GET", "/debug/faults"), ("PUT", "/debug/faults")]:
            assert chat.http.request(method, path, headers=headers, json={"stall": {}}).status_code == 403
    assert chat.census()["faults"] == {}


def test_without_a_test_secret_there_is_no_debug_part(serve: Any) -> None:
    chat = serve(test_secret="")
    for secret in ("", "for-tests"):
        headers = {"X-Chat-Test-Secret": secret}
        assert chat.http.put("/debug/faults", json={"stall": {}}, headers=headers).status_code == 404
        assert chat.http.get("/debug/census", headers=headers).status_code == 404


@pytest.mark.parametrize("faults", [{"nonsense": {}}, {"drop": {"colour": 1}}, {"drop": 5}])
def test_faults_that_are_not_known_change_nothing(chat: Chat, faults: dict[str, object]) -> None:
    answer = chat.http.put("/debug/faults", json={"dup": {}, **faults}, headers={"X-Chat-Test-Secret": "for-tests"})
    assert answer.status_code == 422
    assert chat.census()["faults"] == {}


def test_every_answer_keeps_a_browser_safe(chat: Chat) -> None:
    answers = [chat.http.get(path) for path in ("/", "/health/live", "/nothing")]
    chat.fault(fail_second_write={})
    answers.append(chat.http.post("/auth/register", json={**GOOD, "email": "safe@example.org"}))
    assert [answer.status_code for answer in answers] == [200, 200, 404, 500]
    for answer in answers:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert answers[-1].headers["cache-control"] == "no-store"


def test_answers_are_as_the_document_says(chat: Chat) -> None:
    document = chat.http.get("/openapi.json").json()
    user = chat.user()
    with user.connected() as client:
        first = client.ask()[0]
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("post", "/auth/register", {"json": {**GOOD, "email": "document@example.org"}}),
        ("post", "/auth/register", {"json": {**GOOD, "email": "document@example.org"}}),
        ("post", "/auth/register", {"json": {}}),
        ("post", "/auth/login", {"json": {"email": user.email, "password": "correct horse"}}),
        ("post", "/auth/login", {"json": {"email": user.email, "password": "wrong"}}),
        ("post", "/auth/refresh", {"json": {"refresh_token": user.session["refresh_token"]}}),
        ("post", "/auth/refresh", {"json": {"refresh_token": "x"}}),
        ("get", "/auth/me", {"headers": user.headers}),
        ("get", "/auth/me", {}),
        ("post", "/ws/ticket", {"headers": user.headers}),
        ("delete", "/ws/ticket/{ticket}", {"headers": user.headers, "ticket": user.ticket()}),
        ("delete", "/ws/ticket/{ticket}", {"headers": user.headers, "ticket": "none"}),
        ("get", "/threads", {"headers": user.headers}),
        ("get", "/threads/{thread_id}", {"headers": user.headers, "thread_id": first["thread_id"]}),
        ("get", "/threads/{thread_id}", {"headers": user.headers, "thread_id": "none"}),
        ("get", "/runs/{run_id}/events", {"headers": user.headers, "run_id": first["run_id"]}),
        ("get", "/runs/{run_id}/events", {"headers": user.headers, "run_id": "none"}),
        ("get", "/runs/{run_id}/events", {"headers": user.headers, "run_id": "none", "params": {"after": "x"}}),
        ("get", "/health/live", {}),
        ("get", "/health/ready", {}),
        ("post", "/auth/logout", {"headers": user.headers}),
    ]
    for method, path, given in calls:
        names = {name: given.pop(name) for name in ("ticket", "thread_id", "run_id") if name in given}
        answer = chat.http.request(method.upper(), path.format(**names), **given)
        described = document["paths"][path][method]["responses"][str(answer.status_code)]
        if "content" in described:
            schema = {**described["content"]["application/json"]["schema"], "components": document["components"]}
            Draft202012Validator(schema).validate(answer.json())
        else:
            assert answer.content == b""
    assert {path for _, path, _ in calls} == set(document["paths"])
