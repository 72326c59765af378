"""The HTTP part as a stranger finds it."""

import secrets

import pytest

from golden_path.chat.raw import RawSocket
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser

PATHS = (
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/threads/..%2f..%2fetc%2fpasswd",
    "/static/../pyproject.toml",
    "//etc/passwd",
    "/app.js/../../settings.py",
    "/threads/%00",
    "/runs/%ff/events",
)


def test_paths_lead_nowhere_else(chat: Target, user: ChatUser) -> None:
    for path in PATHS:
        with RawSocket(chat.url) as raw:
            raw.send(
                f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.access_token}\r\n"
                "Connection: close\r\n\r\n".encode()
            )
            head = raw.head()
        status = int(head.split(b" ")[1])
        assert status in (400, 404, 405, 307), f"{path} is answered with {status}"


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        (b"", (400, 422)),
        (b"{", (400, 422)),
        (b"[]", (400, 422)),
        (b'{"email": 1}', (422,)),
        (b"[" * 5000, (400, 422)),
        (b'{"email": "' + b"x" * 100_000 + b'"}', (413,)),
        (b"\xff\xfe", (400, 422)),
    ],
    ids=["empty", "cut", "list", "type", "deep", "large", "bytes"],
)
def test_bodies_that_do_not_fit(chat: Target, body: bytes, statuses: tuple[int, ...]) -> None:
    for path in ("/auth/register", "/auth/login", "/auth/refresh"):
        answer = chat.http.request("POST", path, body=body, headers={"Content-Type": "application/json"})
        assert answer.status in statuses, f"{path}: {answer.status}"
        assert set(answer.json()["error"]) >= {"code", "message"}


def test_hostile_names_are_names(chat: Target) -> None:
    for number, name in enumerate(("<script>alert(1)</script>", "'; DROP TABLE users; --", "Ünï\u200dcode 🙂")):
        email = f"hostile-{number}-{secrets.token_hex(8)}@golden.example"
        made = chat.http.post("/auth/register", json={"email": email, "password": "long-enough-1", "name": name})
        assert made.status == 201
        assert made.json()["name"] == name
        assert made.headers["content-type"].startswith("application/json")


def test_a_strange_origin_is_refused(chat: Target, user: ChatUser) -> None:
    with RawSocket(chat.url) as raw:
        head = raw.upgrade(user.access_token, headers="Origin: https://evil.example\r\n")
    assert b" 403 " in head.split(b"\r\n")[0]
    with RawSocket(chat.url) as raw:
        head = raw.upgrade(user.access_token, headers=f"Origin: {chat.url}\r\n")
    assert b" 101 " in head.split(b"\r\n")[0], "the service's own pages may not connect"


def test_demo_and_debug_doors_are_shut(chat: Target) -> None:
    for path in ("/debug/census", "/debug/faults"):
        assert chat.http.get(path).status in (403, 404), "the census is open to everybody"
        wrong = chat.http.get(path, headers={"X-Chat-Test-Secret": "guess"})
        assert wrong.status in (403, 404), "a guessed secret opens the census"
    for headers in (
        {"X-Demo-Mode": "1"},
        {"X-User-Id": "1"},
        {"Authorization": "Bearer demo"},
        {"Authorization": "demo"},
    ):
        assert chat.http.get("/auth/me", headers=headers).status == 401, "there is a demo log-in"
