"""Register, log in, refresh, log out."""

from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser, new_user


def test_a_user_is_registered_wholly_or_not_at_all(chat: Target) -> None:
    user = new_user(chat.url)
    account = {"email": user.email, "password": user.password, "name": "Ada"}
    registered = chat.http.post("/auth/register", json=account).status == 201
    logged_in = chat.http.post("/auth/login", json={"email": user.email, "password": user.password})
    profile = 0
    if logged_in.status == 200:
        token = logged_in.json()["access_token"]
        profile = chat.http.get("/auth/me", headers={"Authorization": f"Bearer {token}"}).status
    whole = (registered, logged_in.status, profile)
    assert whole in ((True, 200, 200), (False, 401, 0)), f"half a user: {whole}"
    assert registered, "nobody can register"


def test_the_session_goes_on_and_ends(user: ChatUser) -> None:
    me = user.http.get("/auth/me").json()
    assert me["user_id"] == user.user_id
    assert me["email"] == user.email
    user.refresh()
    assert user.http.get("/auth/me").status == 200
    assert user.http.post("/auth/logout").status == 204
    assert user.http.get("/auth/me").status == 401, "a token is good after the log-out"


def test_a_refresh_token_is_good_once(user: ChatUser) -> None:
    old = user.refresh_token
    user.refresh()
    assert user.http.post("/auth/refresh", json={"refresh_token": old}).status == 401, "a refresh token is good twice"
    assert user.http.get("/auth/me").status == 401, "the session goes on although one of its tokens was stolen"


def test_wrong_passwords_and_known_addresses_are_refused(chat: Target, user: ChatUser) -> None:
    wrong = chat.http.post("/auth/login", json={"email": user.email, "password": "not this one"})
    nobody = chat.http.post("/auth/login", json={"email": "nobody@golden.example", "password": "not this one"})
    assert (wrong.status, nobody.status) == (401, 401)
    assert wrong.json() == nobody.json(), "the answer tells which addresses exist"
    again = {"email": user.email.upper(), "password": "another-password", "name": "Other"}
    assert chat.http.post("/auth/register", json=again).status == 409
