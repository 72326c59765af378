"""Checks about accounts, sessions and roles."""

from random import Random

from demo.check import Check, Topic

ACCOUNTS = "from shop.users.accounts import Accounts"
SESSIONS = "from shop.users.sessions import Sessions"
CLOCK = "from shop.clock import FixedClock"
REJECTED = "from shop.errors import RejectedError"
NAMES = ("ada", "ben", "eve", "finn", "grace", "ida", "noor", "otto")


def registering(rng: Random) -> Check:
    names = rng.sample(NAMES, rng.randint(1, 3))
    return Check(
        says=f"{names[0]}_can_log_in",
        imports=(ACCOUNTS,),
        arrange=(
            "accounts = Accounts()",
            *(f'accounts.register("{name}@mail.example", "secret of {name}")' for name in names),
        ),
        equal=(
            (f'accounts.check("{names[0]}@mail.example", "secret of {names[0]}")', "True"),
            (f'accounts.check("{names[0]}@mail.example", "secret of {names[-1]}!")', "False"),
        ),
    )


def addresses(rng: Random) -> Check:
    name, host = rng.choice(NAMES), rng.choice(["mail.example", "post.example", "shop.example"])
    return Check(
        says=f"the_address_of_{name}_is_tidied",
        imports=("from shop.users.accounts import normal_email",),
        equal=((f'normal_email("  {name.title()}@{host.upper()} ")', f'"{name}@{host}"'),),
    )


def bad_addresses(rng: Random) -> Check:
    wrong = rng.sample(["nobody", "@mail.example", "ada@", "ada@mail", "", "ada.mail.example"], rng.randint(2, 4))
    return Check(
        says=f"{len(wrong)}_things_that_are_no_address",
        imports=("from shop.users.accounts import normal_email", REJECTED),
        raises=tuple(("RejectedError", f'normal_email("{one}")') for one in wrong),
    )


def twice(rng: Random) -> Check:
    name = rng.choice(NAMES)
    return Check(
        says=f"{name}_registers_once",
        imports=(ACCOUNTS, "from shop.errors import ConflictError"),
        arrange=("accounts = Accounts()", f'accounts.register("{name}@mail.example", "long enough")'),
        raises=(("ConflictError", f'accounts.register("{name.upper()}@mail.example", "another one")'),),
    )


def expiry(rng: Random) -> Check:
    name, minutes = rng.choice(NAMES), rng.randint(1, 60)
    return Check(
        says=f"a_session_of_{minutes}_minutes_ends",
        imports=(SESSIONS, CLOCK, REJECTED),
        arrange=(
            "time = FixedClock()",
            f"sessions = Sessions(time, minutes={minutes})",
            f'token = sessions.start("{name}@mail.example").token',
            f"time.advance({minutes * 60})",
        ),
        raises=(("RejectedError", "sessions.owner(token)"),),
    )


def owners(rng: Random) -> Check:
    names = rng.sample(NAMES, rng.randint(2, 4))
    return Check(
        says=f"{len(names)}_sessions_{len(names)}_owners",
        imports=(SESSIONS, CLOCK),
        arrange=(
            "sessions = Sessions(FixedClock())",
            f"tokens = [sessions.start(name).token for name in {names!r}]".replace("'", '"'),
        ),
        equal=(("[sessions.owner(token) for token in tokens]", repr(names).replace("'", '"')),),
    )


def sweeping(rng: Random) -> Check:
    old, new = rng.randint(1, 4), rng.randint(1, 3)
    return Check(
        says=f"{old}_of_{old + new}_sessions_are_swept",
        imports=(SESSIONS, CLOCK),
        arrange=(
            "time = FixedClock()",
            "sessions = Sessions(time, minutes=1)",
            f"for number in range({old}):",
            '    sessions.start(f"old-{number}@mail.example")',
            "time.advance(61)",
            f"for number in range({new}):",
            '    sessions.start(f"new-{number}@mail.example")',
        ),
        equal=(("sessions.sweep()", str(old)), ("sessions.sweep()", "0")),
    )


def roles(rng: Random) -> Check:
    role, yes, no = rng.choice(
        [
            ("customer", "order", "refund"),
            ("clerk", "restock", "reprice"),
            ("owner", "report", "fly"),
            ("x", "", "order"),
        ]
    )
    allowed = ((f'may("{role}", "{yes}")', "True"),) if yes else ()
    return Check(
        says=f"the_rights_of_{role}",
        imports=("from shop.users.roles import may",),
        equal=(*allowed, (f'may("{role}", "{no}")', "False")),
    )


TOPIC = Topic(
    folder="users",
    since=("tests-1", "tests-4"),
    subjects=("accounts", "sessions", "roles", "addresses", "login"),
    checks=(registering, addresses, bad_addresses, twice, expiry, owners, sweeping, roles),
)
