"""Checks about agents, contexts and the circuit breaker."""

from random import Random

from demo.check import Check, Topic

MANAGER = "from shop.realtime.manager import WebSocketManager"
CONTEXT = "from shop.agents.context import new_context"
BREAKER = ("from shop.agents.breaker import CircuitBreaker", "from shop.clock import FixedClock")
USERS = ("ada", "ben", "eve", "finn", "noor")
SKUS = ("MUG-1042", "TEA-2001", "PEN-300")


def stock(rng: Random) -> Check:
    sku, count, user = rng.choice(SKUS), rng.randint(1, 90), rng.choice(USERS)
    return Check(
        says=f"{user}_asks_for_{sku.split('-')[0].lower()}",
        imports=(
            "from shop.agents.stock_agent import StockAgent",
            "from shop.inventory.stock import Stock",
            MANAGER,
            CONTEXT,
        ),
        arrange=(
            "stock = Stock()",
            f'stock.receive("{sku}", {count})',
            "agent = StockAgent(WebSocketManager(), stock)",
            f'answer = await agent.run(new_context("{user}", {rng.randint(1, 50)}), "How many {sku} are there?")',
        ),
        equal=(("answer", f'"{sku}: {count} left"'),),
        asynchronous=True,
    )


def support(rng: Random) -> Check:
    word, start = rng.choice(
        [("return", "You can"), ("shipping", "Shipping is"), ("invoice", "Invoices"), ("hat", "A coll")]
    )
    return Check(
        says=f"a_question_about_a_{word}",
        imports=("from shop.agents.support_agent import SupportAgent", MANAGER),
        arrange=(f'answer = await SupportAgent(WebSocketManager()).answer("What about my {word}?")',),
        equal=((f'answer.startswith("{start}")', "True"),),
        asynchronous=True,
    )


def events(rng: Random) -> Check:
    user, serial = rng.choice(USERS), rng.randint(1, 999)
    return Check(
        says=f"run_{serial}_has_three_events",
        imports=(
            "from shop.agents.support_agent import SupportAgent",
            "from shop.realtime.events import decode",
            "from shop.realtime.memory import MemoryConnection",
            MANAGER,
            CONTEXT,
        ),
        arrange=(
            "manager, end = WebSocketManager(), MemoryConnection()",
            f'manager.connect("{user}", end)',
            f'await SupportAgent(manager).run(new_context("{user}", {serial}), "shipping?")',
            "events = [decode(frame) for frame in end.frames]",
        ),
        equal=(
            ("[event.type for event in events]", '["agent_started", "agent_thinking", "agent_completed"]'),
            ('{event.payload["run"] for event in events}', f'{{"run-{serial:04d}"}}'),
        ),
        asynchronous=True,
    )


def contexts(rng: Random) -> Check:
    user, serial, step = rng.choice(USERS), rng.randint(1, 999), rng.choice(["triage", "data", "report"])
    return Check(
        says=f"the_{step}_step_belongs_to_{user}",
        imports=(CONTEXT,),
        arrange=(f'context = new_context("{user}", {serial})', f'child = context.child("{step}")'),
        equal=(
            ("child.run", f'"run-{serial:04d}/{step}"'),
            ("(child.user, child.thread)", "(context.user, context.thread)"),
        ),
    )


def failing(allowed: int) -> tuple[str, ...]:
    return (
        "def fail():",
        '    raise OSError("away")',
        "",
        "time = FixedClock()",
        f"breaker = CircuitBreaker(time, failures={allowed})",
        f"for _ in range({allowed}):",
        "    with RAISES(OSError):",
        "        breaker.call(fail)",
    )


def opening(rng: Random) -> Check:
    allowed = rng.randint(1, 5)
    return Check(
        says=f"{allowed}_failures_open_the_circuit",
        imports=(*BREAKER, "from shop.errors import ConflictError"),
        arrange=failing(allowed),
        equal=(("breaker.state", '"open"'),),
        raises=(("ConflictError", 'breaker.call(lambda: "answer")'),),
    )


def recovering(rng: Random) -> Check:
    allowed, wait = rng.randint(1, 4), rng.randint(30, 90)
    return Check(
        says=f"after_{wait}_seconds_it_tries_again",
        imports=BREAKER,
        arrange=(*failing(allowed), f"time.advance({wait})"),
        equal=(
            ("breaker.state", '"half-open"'),
            ("breaker.call(lambda: 42)", "42"),
            ("breaker.state", '"closed"'),
        ),
    )


TOPIC = Topic(
    folder="agents",
    since=("tests-3", "tests-4"),
    subjects=("stock_agent", "support_agent", "contexts", "breaker", "agent_events"),
    checks=(stock, support, events, contexts, opening, recovering),
)
