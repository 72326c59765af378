"""The socket: who may connect, what may be said, what comes back, and what ends it."""

import base64
import json
import socket
import time
from typing import Any

import jwt
import pytest
from serving import Chat, User, connected, refusal, soon

KEY = "k" * 64


def claims(user: User, **changes: object) -> dict[str, Any]:
    read = jwt.decode(user.token, options={"verify_signature": False})
    return {name: value for name, value in {**read, **changes}.items() if value is not None}


def signed(user: User, key: str = KEY, algorithm: str = "HS256", **changes: object) -> str:
    return jwt.encode(claims(user, **changes), key if algorithm != "none" else "", algorithm=algorithm)


def test_a_question_is_answered_by_five_events_and_both_are_kept(chat: Chat) -> None:
    user = chat.user()
    with user.connected() as socket:
        assert socket.ready["type"] == "connection_ready"
        assert socket.ready["user_id"] == user.id
        events = socket.ask("what is a canon?")

    types = [event["type"] for event in events]
    assert (types[0], types[-1]) == ("agent_started", "agent_completed")
    assert {"agent_thinking", "tool_executing", "tool_completed"} <= set(types)
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert {event["user_id"] for event in events} == {user.id}
    run_id, thread_id = events[0]["run_id"], events[0]["thread_id"]
    assert user.get(f"/runs/{run_id}/events")["events"] == events
    assert user.get(f"/runs/{run_id}/events?after=2")["events"] == events[3:]
    said = user.get(f"/threads/{thread_id}")["messages"]
    assert [message["role"] for message in said] == ["user", "assistant"]
    assert said[1]["text"] == events[-1]["payload"]["final_response"]


@pytest.mark.parametrize("way", ["header", "subprotocol", "ticket"])
def test_each_way_to_show_who_one_is(chat: Chat, way: str) -> None:
    user = chat.user()
    given: dict[str, Any] = {
        "header": {"additional_headers": user.headers},
        "subprotocol": {"subprotocols": ["chat.v1", f"bearer.{user.token}"]},
        "ticket": {"path": f"/ws?ticket={user.ticket()}"},
    }[way]
    with connected(chat.url, **given) as socket:
        assert socket.ready["user_id"] == user.id
        assert socket.raw.subprotocol == ("chat.v1" if way == "subprotocol" else None)


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda user: "", id="empty"),
        pytest.param(lambda user: "nonsense", id="no token"),
        pytest.param(lambda user: signed(user, key="x" * 64), id="another key"),
        pytest.param(lambda user: signed(user, algorithm="none"), id="alg none"),
        pytest.param(lambda user: signed(user, algorithm="HS512"), id="another algorithm"),
        pytest.param(lambda user: signed(user, aud="another-service"), id="another audience"),
        pytest.param(lambda user: signed(user, iss="somebody"), id="another issuer"),
        pytest.param(lambda user: signed(user, exp=time.time() - 0.1), id="expired"),
        pytest.param(lambda user: signed(user, exp=None), id="for ever"),
        pytest.param(lambda user: signed(user, iat=time.time() + 5), id="of the future"),
        pytest.param(lambda user: signed(user, sid="ses_0"), id="session that never was"),
        pytest.param(lambda user: user.token[:-4] + "AAAA", id="changed signature"),
        pytest.param(lambda user: user.session["refresh_token"], id="refresh token"),
    ],
)
def test_what_is_no_token_is_refused_before_the_socket_is_accepted(chat: Chat, forge: Any) -> None:
    user = chat.user()
    token = forge(user)
    assert refusal(chat.url, additional_headers={"Authorization": f"Bearer {token}".strip()}) == 403
    assert chat.http.get("/auth/me", headers={"Authorization": f"Bearer {token}".strip()}).status_code == 401


def test_a_clock_that_is_a_little_ahead_is_forgiven(chat: Chat) -> None:
    user = chat.user()
    token = signed(user, iat=time.time() + 0.3)  # the leeway is 10 s, at a twentieth
    assert refusal(chat.url, additional_headers={"Authorization": f"Bearer {token}"}) == 0


def test_a_ticket_is_good_once_for_its_owner_and_for_a_short_time(chat: Chat) -> None:
    ann, bob = chat.user(), chat.user()
    used, revoked, late, foreign = (ann.ticket() for _ in range(4))
    assert refusal(chat.url, f"/ws?ticket={used}") == 0
    assert refusal(chat.url, f"/ws?ticket={used}") == 403
    assert chat.http.delete(f"/ws/ticket/{revoked}", headers=bob.headers).status_code == 404
    assert chat.http.delete(f"/ws/ticket/{revoked}", headers=ann.headers).status_code == 204
    assert refusal(chat.url, f"/ws?ticket={revoked}") == 403
    assert refusal(chat.url, f"/ws?ticket={foreign}", additional_headers=bob.headers) == 403
    time.sleep(1.6)  # 30 s, at a twentieth
    assert refusal(chat.url, f"/ws?ticket={late}") == 403


def test_pages_of_other_origins_may_not_connect(chat: Chat) -> None:
    user = chat.user()
    for origin, expected in [("https://evil.example", 403), ("null", 403), (chat.url, 0)]:
        assert refusal(chat.url, additional_headers={**user.headers, "Origin": origin}) == expected


def test_nobody_is_two_people(chat: Chat) -> None:
    ann, bob = chat.user(), chat.user()
    assert refusal(chat.url, additional_headers=ann.headers, subprotocols=["chat.v1", f"bearer.{bob.token}"]) == 403


def test_the_eleventh_connection_of_a_user_is_one_too_many(chat: Chat) -> None:
    from contextlib import ExitStack

    user = chat.user()
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(user.connected())
        assert refusal(chat.url, additional_headers=user.headers) == 1013
        assert refusal(chat.url, additional_headers=chat.user().headers) == 0
    soon(lambda: refusal(chat.url, additional_headers=user.headers) == 0)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("{", "malformed"),
        ("[]", "malformed"),
        ("[" * 5000, "malformed"),
        ("{}", "malformed"),
        ('{"type": 7}', "malformed"),
        ('{"type": "dance"}', "unknown_type"),
        ('{"type": "user_message"}', "malformed"),
        ('{"type": "user_message", "text": 5}', "malformed"),
        ('{"type": "user_message", "text": "  "}', "malformed"),
        (json.dumps({"type": "user_message", "text": "ä" * 4097}), "too_long"),
        ('{"type": "user_message", "text": "a", "user_id": "usr_0"}', "forbidden"),
        ('{"type": "user_message", "text": "a", "thread_id": "thr_0"}', "not_found"),
        ('{"type": "user_message", "text": "a", "thread_id": "\'or(1=1)--"}', "not_found"),
        ('{"type": "user_message", "text": "a", "thread_id": "a b"}', "malformed"),
        ('{"type": "resume", "run_id": "run_0"}', "not_found"),
        ('{"type": "resume", "run_id": "run_0", "after": -7}', "malformed"),
        ('{"type": "user_message", "text": "a\\u0000b"}', "malformed"),
        ('{"type": "resume", "run_id": "run\\u0000"}', "malformed"),
        ('{"type": "user_message", "text": "a\\ud800b"}', "malformed"),
        (b"\x00\x01", "malformed"),
    ],
)
def test_what_cannot_be_understood_is_answered_with_an_error(chat: Chat, sent: str | bytes, code: str) -> None:
    with chat.user().connected() as socket:
        socket.raw.send(sent)
        answer = socket.receive()
        assert (answer["type"], answer["payload"]["code"]) == ("error", code)
        socket.send("ping", payload={"n": 1})
        assert socket.receive()["type"] == "pong"


def test_a_frame_that_is_too_large_ends_the_connection(chat: Chat) -> None:
    with chat.user().connected() as socket:
        socket.raw.send("x" * 70_000)
        assert socket.closed() == 1009


def test_what_others_said_and_ran_is_not_there_for_me(chat: Chat) -> None:
    ann, bob = chat.user(), chat.user()
    with ann.connected() as socket:
        first = socket.ask("mine")[0]
    for path in (f"/threads/{first['thread_id']}", f"/runs/{first['run_id']}/events"):
        assert chat.http.get(path, headers=bob.headers).status_code == 404
    with bob.connected() as socket:
        for message in ({"type": "resume", "run_id": first["run_id"]}, {"type": "user_message", "text": "a"}):
            socket.send(**{**message, "thread_id": first["thread_id"]})
            assert socket.receive()["payload"]["code"] == "not_found"


def test_a_thread_goes_on(chat: Chat) -> None:
    user = chat.user()
    with user.connected() as socket:
        thread = socket.ask("my cat is called Tom")[0]["thread_id"]
        again = socket.ask("what is my cat called?", thread_id=thread)
    assert again[0]["thread_id"] == thread
    assert [message["role"] for message in user.get(f"/threads/{thread}")["messages"]] == ["user", "assistant"] * 2
    assert [row["thread_id"] for row in user.get("/threads")["threads"]] == [thread]


def test_a_run_that_was_cut_goes_on_without_loss_or_duplicate(chat: Chat) -> None:
    user = chat.user()
    with user.connected() as socket:
        socket.send("user_message", text="[[stream:30]] [[slow:0.3]] count")
        before = [socket.receive() for _ in range(2)]
        socket.raw.socket.close()
    seen = before
    while seen[-1]["type"] not in ("agent_completed", "agent_error"):
        with user.connected() as socket:
            socket.send("resume", run_id=seen[0]["run_id"], after=seen[-1]["seq"])
            seen += [socket.receive() for _ in range(1)]
            socket.raw.socket.close()
    assert [event["seq"] for event in seen] == list(range(len(seen)))
    assert user.get(f"/runs/{seen[0]['run_id']}/events")["events"] == seen


def test_a_request_that_is_sent_again_starts_nothing_again(chat: Chat) -> None:
    user = chat.user()
    with user.connected() as socket:
        first = socket.ask("once", request_id="r1")
        assert socket.ask("once", request_id="r1") == first
    with chat.user().connected() as socket:
        assert socket.ask("once", request_id="r1")[0]["run_id"] != first[0]["run_id"]


def test_a_socket_outlives_its_token_only_with_a_newer_one(serve: Any) -> None:
    chat = serve(access_ttl=1, heartbeat=1)
    user = chat.user()
    with user.connected() as refreshed, user.connected() as forgotten, user.connected() as busy:
        busy.send("user_message", text="[[slow:1.5]] over the end")
        fresh = chat.http.post("/auth/refresh", json={"refresh_token": user.session["refresh_token"]}).json()
        for _ in range(3):
            time.sleep(0.4)
            fresh = chat.http.post("/auth/refresh", json={"refresh_token": fresh["refresh_token"]}).json()
            refreshed.send("authenticate", token=fresh["access_token"])
            assert refreshed.receive()["type"] == "connection_ready"
        assert refreshed.ask()[-1]["type"] == "agent_completed"
        refreshed.send("authenticate", token=chat.user().token)
        assert refreshed.receive()["payload"]["code"] == "forbidden"
        assert forgotten.closed() == 1008
        assert busy.until_end()[-1]["type"] == "agent_completed"
        assert busy.closed() == 1008


def test_logging_out_closes_the_sockets_of_the_session(chat: Chat) -> None:
    user = chat.user()
    with user.connected() as socket:
        assert chat.http.post("/auth/logout", headers=user.headers).status_code == 204
        assert socket.closed() == 1008
    assert refusal(chat.url, additional_headers=user.headers) == 403
    refresh = {"refresh_token": user.session["refresh_token"]}
    assert chat.http.post("/auth/refresh", json=refresh).status_code == 401


def handshake(chat: Chat, user: User, *, buffer: int = 0) -> socket.socket:
    """A socket that was upgraded by hand, and does nothing by itself."""
    host, port = chat.url.removeprefix("http://").split(":")
    raw = socket.socket()
    if buffer:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    raw.connect((host, int(port)))
    key = base64.b64encode(b"0123456789abcdef").decode()
    head = f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {user.token}\r\n\r\n"
    raw.sendall(head.encode())
    assert raw.recv(12) == b"HTTP/1.1 101"
    return raw


def masked(text: str) -> bytes:
    """A text frame as clients send it; the mask is zero."""
    data = text.encode()
    return b"\x81\xfe" + len(data).to_bytes(2, "big") + bytes(4) + data


def test_a_half_open_socket_is_gone_after_two_beats(chat: Chat) -> None:
    user = chat.user()
    with handshake(chat, user):
        soon(lambda: user.id in chat.census()["users"])
        began = time.monotonic()
        soon(lambda: user.id not in chat.census()["users"])
        assert time.monotonic() - began < 2 * 1.5 + 2


def test_one_slow_reader_is_dropped_and_holds_up_nobody(chat: Chat) -> None:
    slow, other = chat.user(), chat.user()
    with handshake(chat, slow, buffer=4096) as raw, other.connected() as socket:
        question = json.dumps({"type": "user_message", "text": f"[[stream:5000]] {'x' * 200}"})
        for _ in range(3):
            raw.sendall(masked(question))
        longest = 0.0
        for _ in range(20):
            began = time.monotonic()
            socket.send("ping")
            while socket.receive()["type"] != "pong":
                pass
            longest = max(longest, time.monotonic() - began)
            waiting = [one["waiting"] for one in chat.census()["connections"] if one["user_id"] == slow.id]
            assert all(number <= 1024 for number in waiting)
        assert longest < 1
        assert socket.ask()[-1]["type"] == "agent_completed"
        soon(lambda: slow.id not in chat.census()["users"])


def test_a_flood_is_slowed_down(chat: Chat) -> None:
    with chat.user().connected() as socket:
        for _ in range(400):
            socket.send("ping")
        answers = [socket.receive() for _ in range(400)]
    codes = {answer["payload"].get("code") for answer in answers}
    assert "too_fast" in codes


def test_a_user_has_so_many_runs_at_once(chat: Chat) -> None:
    with chat.user().connected() as socket:
        for _ in range(21):
            socket.send("user_message", text="[[slow:1]]")
        while (event := socket.receive())["type"] != "error":
            pass
        assert event["payload"]["code"] == "too_many_runs"


def test_what_came_over_the_socket_is_answered_as_text_whatever_it_says(chat: Chat) -> None:
    text = "<script>alert(1)</script> '; drop table users; -- {{7*7}} ../../etc/passwd"
    user = chat.user()
    with user.connected() as socket:
        events = socket.ask(text)
    assert text in events[-1]["payload"]["final_response"]
    assert user.get(f"/threads/{events[0]['thread_id']}")["messages"][0]["text"] == text


def test_no_secret_is_in_the_log(chat: Chat) -> None:
    user = chat.user()
    ticket = user.ticket()
    with user.connected() as socket:
        socket.ask("a question that is private")
    with connected(chat.url, f"/ws?ticket={ticket}"):
        pass
    refusal(chat.url, f"/ws?ticket={ticket}")
    refusal(chat.url, subprotocols=["chat.v1", f"bearer.{user.token}x"])
    chat.http.get(f"/auth/me?token={user.token}")
    log = chat.log.read_text()
    assert "refused a connection" in log
    for secret in (ticket, user.token, user.session["refresh_token"], "correct horse", KEY, "is private"):
        assert secret not in log
