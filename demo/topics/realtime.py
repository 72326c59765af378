"""Checks about connections, events and routing; most of them await."""

from random import Random

from demo.check import Check, Topic

MANAGER = "from shop.realtime.manager import WebSocketManager"
MEMORY = "from shop.realtime.memory import MemoryConnection"
EVENTS = "from shop.realtime.events import Event, decode, encode"
KINDS = ("order_placed", "order_paid", "order_shipped", "agent_started", "agent_completed")
USERS = ("ada", "ben", "eve", "finn", "noor")


def sending(rng: Random) -> Check:
    user, kinds = rng.choice(USERS), [rng.choice(KINDS) for _ in range(rng.randint(1, 4))]
    return Check(
        says=f"{user}_gets_{len(kinds)}_events",
        imports=(MANAGER, MEMORY, "from shop.realtime.events import decode"),
        arrange=(
            "manager, end = WebSocketManager(), MemoryConnection()",
            f'manager.connect("{user}", end)',
            *(f'await manager.send("{user}", "{kind}")' for kind in kinds),
            "events = [decode(frame) for frame in end.frames]",
        ),
        equal=(
            ("[event.type for event in events]", str(kinds).replace("'", '"')),
            ("[event.number for event in events]", str(list(range(len(kinds))))),
        ),
        asynchronous=True,
    )


def alone(rng: Random) -> Check:
    first, second = rng.sample(USERS, 2)
    return Check(
        says=f"{second}_does_not_see_what_{first}_gets",
        imports=(MANAGER, MEMORY),
        arrange=(
            "manager, own, other = WebSocketManager(), MemoryConnection(), MemoryConnection()",
            f'manager.connect("{first}", own)',
            f'manager.connect("{second}", other)',
            f'await manager.send("{first}", "{rng.choice(KINDS)}")',
        ),
        equal=(("(len(own.frames), len(other.frames))", "(1, 0)"),),
        asynchronous=True,
    )


def several(rng: Random) -> Check:
    count, user = rng.randint(2, 6), rng.choice(USERS)
    return Check(
        says=f"all_{count}_windows_of_{user}",
        imports=(MANAGER, MEMORY),
        arrange=(
            f"manager, ends = WebSocketManager(), [MemoryConnection() for _ in range({count})]",
            "for end in ends:",
            f'    manager.connect("{user}", end)',
            f'await manager.send("{user}", "{rng.choice(KINDS)}", {{"order": {rng.randint(1, 99)}}})',
        ),
        equal=(("sum(len(end.frames) for end in ends)", str(count)),),
        asynchronous=True,
    )


def closing(rng: Random) -> Check:
    users, code = rng.sample(USERS, rng.randint(1, 4)), rng.choice([1000, 1001, 1012])
    return Check(
        says=f"{len(users)}_connections_close_with_{code}",
        imports=(MANAGER, MEMORY),
        arrange=(
            "manager, end = WebSocketManager(), MemoryConnection()",
            *(f'manager.connect("{user}", end)' for user in users),
            f"closed = await manager.close_all({code})",
        ),
        equal=(("(closed, end.closed)", f"({len(users)}, {code})"), ("manager.users()", "[]")),
        asynchronous=True,
    )


def limit(rng: Random) -> Check:
    most, user = rng.randint(1, 4), rng.choice(USERS)
    return Check(
        says=f"{user}_has_at_most_{most}_connections",
        imports=(MANAGER, MEMORY, "from shop.errors import ConflictError"),
        arrange=(
            f"manager = WebSocketManager(limit={most})",
            f"for _ in range({most}):",
            f'    manager.connect("{user}", MemoryConnection())',
        ),
        raises=(("ConflictError", f'manager.connect("{user}", MemoryConnection())'),),
    )


def frames(rng: Random) -> Check:
    kind, user, number = rng.choice(KINDS), rng.choice(USERS), rng.randint(0, 500)
    return Check(
        says=f"{kind}_survives_the_wire",
        imports=(EVENTS,),
        arrange=(f'event = Event("{kind}", "{user}", {number}, {{"order": "2025-{number:06d}"}})',),
        equal=(("decode(encode(event))", "event"),),
    )


def no_frames(rng: Random) -> Check:
    wrong = rng.sample(
        ['""', '"[]"', '"{}"', '\'{"type": "order_paid"}\'', '"order_paid"', '"null"'], rng.randint(1, 3)
    )
    return Check(
        says=f"{len(wrong)}_frames_that_are_no_event",
        imports=("from shop.realtime.events import decode", "from shop.errors import RejectedError"),
        raises=tuple(("RejectedError", f"decode({one})") for one in wrong),
    )


def routing(rng: Random) -> Check:
    kinds = rng.sample(["ping", "ask", "buy", "cancel"], rng.randint(2, 3))
    return Check(
        says=f"{kinds[0]}_goes_to_its_handler",
        imports=("from shop.realtime.router import Router",),
        arrange=(
            "async def handler(message):",
            '    return message["type"].upper()',
            "",
            "router = Router()",
            *(f'router.on("{kind}", handler)' for kind in kinds),
        ),
        equal=(
            (f'await router.route({{"type": "{kinds[0]}"}})', f'"{kinds[0].upper()}"'),
            ("router.kinds()", str(sorted(kinds)).replace("'", '"')),
        ),
        asynchronous=True,
    )


TOPIC = Topic(
    folder="realtime",
    since=("tests-3", "tests-4"),
    subjects=("connections", "events", "frames", "routing", "delivery"),
    checks=(sending, alone, several, closing, limit, frames, no_frames, routing),
)
