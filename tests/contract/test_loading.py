import contextlib
import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.contract.language.contract import Contract
from canonry.contract.language.marks import read_yaml
from canonry.contract.language.parts import EventType, Scope, Span
from canonry.contract.language.reference import generated_files
from canonry.contract.language.rules import Sequence
from canonry.contract.load import ContractError, load_contract, plan_contract, read_contract, shipped
from canonry.model.errors import UserError
from tests.contract.samples import SAMPLES

ROOT = Path(__file__).parents[2]
EVERY_KEY = """
contract: agent-events/1
transport: {frame: json, direction: [in, out]}
discriminator: {field: type}
envelope: {user_id: id, thread_id: id, run_id: id, seq: int, timestamp: rfc3339, payload: object}
events:
  connection_ready: {scope: session}
  tool_executing: {fields: {payload.tool_call_id: id, payload.tool_name: str}}
unknown: reject
scopes:
  run:  {key: [run_id], open: [agent_started], close: [agent_completed, agent_error], reopen: false, constant: [user_id, thread_id]}
  step: {key: [run_id, step_id], inside: run}
spans:
  tool: {open: tool_executing, close: [tool_completed], key: [payload.tool_call_id], same: [payload.tool_name], inside: run, must_close_before: run.close, concurrent: true}
count:  {agent_started: 1, agent_thinking: 1.., "span:tool": 0..}
order:  [{before: agent_thinking, event: tool_executing, mode: if_present}]
sequence: {field: seq, start: 0, step: 1, per: run}
states: {field: status.state, edges: {TASK_STATE_SUBMITTED: [TASK_STATE_WORKING], TASK_STATE_WORKING: [TASK_STATE_COMPLETED]}}
fold:   [{of: delta, over: "span:text", equals: text_done.text}]
deadline: [{from: request, to: first(run), max: 5s}, {between: any, max: 15s}, {span: tool, max: 60s}, {from: request, to: run.close, max: 60s}]
isolation: {session: [user_id], owned: {thread_id: "$threads"}, canary: "$canary", forbid_ids_of: other_sessions}
quiet: {after: run.close, for: 300ms}
close_codes: {auth_failed: [1008, http403], overload: [1013], shutdown: [1001, 1012]}
exchange: [{in: user_message, starts: run, within: 5s}, {in: ping, reply: pong, within: 1s}]
policy: {tools: optional, thinking: required, on_error: excludes_completed}
profiles: {staging: {deadline: {first(run): 20s, run.close: 120s}}}
"""
HEAD = "contract: x/1\n"


def mistakes(text: str) -> list[str]:
    with pytest.raises(ContractError) as caught:
        read_contract(text, file="c.yaml")
    return str(caught.value).splitlines()


def planned(text: str) -> str:
    """The name of a contract that could be planned, too."""
    return read_contract(text).plan.contract.contract


def test_every_key_of_the_language_loads():
    loaded = read_contract(EVERY_KEY)
    assert any("span `text`" in note for note in loaded.notes)
    ids = [rule.id for rule in loaded.plan.rules]
    assert len(ids) == len(set(ids))
    assert {"run.once", "tool.closed", "sequence.seq", "isolation.user_id", "deadline.first(run)"} <= set(ids)
    assert loaded.line(("scopes", "run")) == 11


def test_the_staging_profile_has_other_times():
    plan = read_contract(EVERY_KEY, profile="staging").plan
    assert {each.rule: each.seconds for each in plan.deadlines} == {
        "deadline.first(run)": 20, "deadline.tool": 60, "deadline.run.close": 120,
    }  # fmt: skip


@pytest.mark.parametrize("name", shipped())
def test_what_ships_loads_without_a_note(name):
    assert load_contract(name).notes == ()


def test_a_policy_may_be_chosen():
    optional = load_contract("agent-events", policy={"thinking": "optional"}).plan
    assert {each.name: each.low for each in optional.counts} == {"agent_thinking": 0, "tool": 0}


def test_all_mistakes_are_told_at_once_with_places_and_suggestions():
    text = (
        "contract: x/1\n"
        "evnts: {}\n"
        "events:\n"
        "  agent_started: {field: {a: id}}\n"
        "  agent_stopped: {fields: {a: idd}}\n"
        "scopes:\n"
        "  run: {open: [agent_startd], close: [agent_stopped], key: [a..b]}\n"
        "spans: {tool: {inside: rum, open: x, close: y, same: [z]}}\n"
        "deadline: [{span: tol, max: 5 seconds}]\n"
        "count: {agent_started: many}\n"
    )
    assert mistakes(text) == [
        "c.yaml:2:1: unknown key `evnts`; did you mean `events`?",
        "c.yaml:4:19: unknown key `field` in `events.agent_started`; did you mean `fields`?",
        "c.yaml:5:28: `events.agent_stopped.fields.a` has the type `idd`, which is none; did you mean `id`?",
        (
            "c.yaml:7:16: `scopes.run.open[0]` names the event `agent_startd`, which `events` does not have; "
            "did you mean `agent_started` (line 4)?"
        ),
        "c.yaml:7:61: `scopes.run.key[0]` expects a field such as `payload.name` or `a|b`, not the text `a..b`",
        "c.yaml:8:16: `spans.tool.inside` names `rum`, which is neither; did you mean `run`?",
        "c.yaml:9:24: `deadline[0].max` expects a duration such as `300ms` or `5s`, not the text `5 seconds`",
        "c.yaml:10:9: `count.agent_started` expects a count such as `1`, `1..` or `2..5`, not `many`",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "c.yaml:1:1: the file holds no contract; it begins with `contract: NAME/VERSION`"),
        ("a: [", "c.yaml:1:5: not valid YAML: did not find expected node content"),
        ("contract: x\ncontract: y\n", "c.yaml:2:1: `contract` stands here a second time; line 1 has it already"),
        ("events: {}\n", "c.yaml:1:1: the contract has no `contract`; expected a text"),
        ("- a\n", "c.yaml:1:1: a contract expects a table, not a list"),
        (HEAD + "discriminator: {}\n", "c.yaml:2:1: `discriminator` expects one of `field`, `keys_present`, `template` and `jsonrpc`"),
        (HEAD + "sequence: {field: seq, per: run}\n", "c.yaml:2:24: `sequence.per` names the scope `run`; expected one of `session`"),
        (HEAD + "exchange: [{in: a}]\n", "c.yaml:2:12: `exchange[0]` says nothing of what `a` brings about; expected `starts` or `reply`"),
        (HEAD + "events: {a: {schema: {typ: object}}}\n", "c.yaml:2:14: the schema of `a` uses `typ`, which is not supported"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_at_its_place(text, expected):
    assert mistakes(text)[0].split(": ", 1)[0] == expected.split(": ", 1)[0]
    assert expected in mistakes(text) or "not valid YAML" in expected


CONTRADICTIONS = {
    "once and twice": ("count: {a: 1}\npolicy: {p: {default: x, alternatives: {x: {}}}}\nscopes: {r: {open: [a], close: [b]}}\n", None),
    "opens and never comes": ("scopes: {r: {open: [a], close: [b]}}\ncount: {a: 0}\n", (2, 3)),
    "opens and comes twice": ("scopes: {r: {open: [a], close: [b]}}\ncount: {a: 2..}\n", (2, 3)),
    "both ends required": ("scopes:\n  r: {open: [a], close: [b, c]}\ncount:\n  b: 1\n  c: 1\n", (5, 6)),
    "the end is forbidden": ("scopes: {r: {open: [a], close: [b]}}\ncount: {b: 0}\n", (2, 3)),
    "required and forbidden": ("count:\n  a: 0\n  b: 1\norder:\n  - {before: a, event: b, mode: required}\n", (3, 6)),
    "a span whose opening is forbidden": ("spans: {s: {open: a, close: b}}\ncount:\n  a: 0\n  'span:s': 1..\n", (4, 5)),
    "an order in a circle": ("order:\n  - {before: a, event: b}\n  - {before: b, event: c}\n  - {before: c, event: a}\n", (3, 5)),
    "after the end": ("scopes: {r: {open: [a], close: [b]}}\norder: [{before: b, event: c, mode: required}]\n", (2, 3)),
    "before the start": ("scopes: {r: {open: [a], close: [b]}}\norder: [{before: c, event: a, mode: required}]\n", (2, 3)),
    "a span closes after its scope": (
        ("scopes:\n  r: {open: [a], close: [b]}\n  s: {inside: r, open: [c], close: [d], key: [k]}\n"
        "spans:\n  t: {open: e, close: f, inside: s, must_close_before: r.close}\n"), (4, 6),
    ),
    "a close that belongs to no run": (
        "events:\n  f: {scope: session}\nscopes: {r: {open: [a], close: [b]}}\nspans: {t: {open: e, close: f, inside: r}}\n", (3, 5),
    ),
    "opens and closes": ("spans: {t: {open: e, close: e}}\n", (2, 2)),
    "a shorter time around": (
        ("scopes: {r: {open: [a], close: [b]}}\nspans: {t: {open: e, close: f, inside: r}}\n"
        "deadline:\n  - {from: r.open, to: r.close, max: 5s}\n  - {span: t, max: 1m}\n"), (5, 6),
    ),
    "two types": ("envelope: {x: int}\nevents: {a: {fields: {x: str}}}\n", (2, 3)),
    "two counts of one number": ("sequence:\n  - {field: n, start: 0}\n  - {field: n, start: 1}\n", (3, 4)),
    "a span, and too few of what opens it": ("spans: {s: {open: a, close: b}}\ncount:\n  a: ..1\n  'span:s': 2..\n", (4, 5)),
    "no span, and what opens it": ("spans: {s: {open: a, close: b}}\ncount:\n  'span:s': 0\n  a: 1..\n", (4, 5)),
    "a span, and too few of what closes it": ("spans: {s: {open: a, close: b}}\ncount:\n  'span:s': 2\n  b: 1\n", (4, 5)),
    "a span that never comes, and what is in it": ("spans: {s: {open: a, close: b, during: [c]}}\ncount:\n  'span:s': 0\n  c: 1..\n", (4, 5)),
    "opened twice and closed once": ("spans: {s: {open: o, close: c}}\ncount:\n  o: 2\n  c: 1\n", (4, 5)),
    "more in a run than in a session": (
        "scopes: {r: {open: [a], close: [b], key: [id], reopen: true}}\ncount:\n  c: 2..\n  session: {c: ..1}\n", (4, 5),
    ),
    "the end before the start": ("scopes: {r: {open: [a], close: [b]}}\norder: [{before: b, event: a}]\n", (2, 3)),
    "what is required before the start": (
        "scopes: {r: {open: [a], close: [b]}}\ncount: {c: 1..}\norder: [{before: c, event: a}]\n", (2, 4),
    ),
    "what is required after the end": (
        "scopes: {r: {open: [a], close: [b]}}\ncount: {c: 1..}\norder: [{before: b, event: c}]\n", (2, 4),
    ),
    "a span closes before it opens": ("spans: {s: {open: a, close: b}}\norder: [{before: b, event: a}]\n", (2, 3)),
    "asked by the service": ("events: {a: {direction: out}}\nexchange: [{in: a, reply: b}]\n", (2, 3)),
    "answered by the client": ("events: {b: {direction: in}}\nexchange: [{in: a, reply: b}]\n", (2, 3)),
    "a way that no recording holds": ("transport: {direction: [out]}\nevents: {a: {direction: in}}\n", (2, 3)),
    "a run that the session opens": ("events: {a: {scope: session}}\nscopes: {r: {open: [a], close: [b]}}\n", (2, 3)),
    "a run that the session closes": ("events: {b: {scope: session}}\nscopes: {r: {open: [a], close: [b]}}\n", (2, 3)),
    "a span of a run that the session opens": (
        "events: {c: {scope: session}}\nscopes: {r: {open: [a], close: [b]}}\nspans: {s: {open: c, close: d, inside: r}}\n", (2, 4),
    ),
    "a value that is no state": ("events: {a: {fields: {s: [x, z]}}}\nstates: {field: s, edges: {x: [y]}}\n", (2, 3)),
    "a number that is a text": ("envelope: {n: str}\nsequence: {field: n, start: 0}\nevents: {a: }\n", (2, 3)),
    "a state that is a number": ("envelope: {s: int}\nstates: {field: s, edges: {x: [y]}}\nevents: {a: }\n", (2, 3)),
    "a key that is an object": ("envelope: {k: object}\nscopes: {r: {open: [a], close: [b], key: [k]}}\n", (2, 3)),
    "pieces that are numbers": (
        ("events: {c: {fields: {d: number}}}\nspans: {s: {open: a, close: b, during: [c]}}\n"
        "fold: [{of: d, over: 'span:s', events: [c], equals: b.t}]\n"), (2, 4),
    ),
    "a variant of another type": ("envelope: {x: str}\nevents: {b: {of: a, where: {x: 5}}}\n", (2, 3)),
    "a variant without what is required": ("envelope: {x: str}\nevents: {b: {of: a, where: {x: absent}}}\n", (2, 3)),
    "shared and unique": (
        "envelope: {u: id}\nscopes: {r: {open: [a], close: [b], constant: [u]}}\nunique: [u]\n", (3, 4),
    ),
    "closes and waits": ("scopes:\n  r:\n    open: [a]\n    close: [b]\n    pause: [b]\n", (5, 6)),
    "opens again after what does not close": ("scopes:\n  r: {open: [a], close: [b], reopen: [c]}\n", (3, 3)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_contract_that_contradicts_itself_is_refused_with_both_lines(text, lines):
    if lines is None:
        read_contract(HEAD + text)
        return
    (found,) = mistakes(HEAD + text)
    assert (int(re.search(r"see line (\d+)", found)[1]), int(found.split(":")[1])) == lines


USELESS = {
    "no time": ("deadline: [{between: any, max: 0s}]\n", "c.yaml:2:27: `deadline[0].max` is 0s: nothing takes no time; expected a longer one"),
    "no time to answer": ("exchange: [{in: a, reply: b, within: 0ms}]\n", "c.yaml:2:30: `exchange[0].within` is 0ms: nothing takes no time; expected a longer one"),
    "no quiet": ("scopes: {r: {open: [a], close: [b]}}\nquiet: {after: r.close, for: 0s}\n", "c.yaml:3:25: `quiet.for` is 0s: nothing takes no time; expected a longer one"),
    "no time in a profile": ("deadline: [{between: any, max: 1s}]\nprofiles: {p: {deadline: {any: 0s}}}\n", "c.yaml:3:27: `profiles.p.deadline.any` is 0s: nothing takes no time; expected a longer one"),
    "a deadline that is none": ("deadline: [{between: any, max: 1s}]\nprofiles: {p: {deadline: {ayn: 2s}}}\n", "c.yaml:3:27: the profile `p` has a deadline `ayn`, which the contract has not; did you mean `any`?"),
    "a policy that is none": ("profiles: {p: {policy: {tools: no}}}\n", "c.yaml:2:25: the profile `p` chooses the policy `tools`, which is none"),
    "an alternative that is none": (
        "policy: {tools: {default: many, alternatives: {many: {}}}}\nprofiles: {p: {policy: {tools: mnay}}}\n",
        "c.yaml:3:25: `tools` has no alternative `mnay`; did you mean `many`?",
    ),
    "a step of nothing": ("sequence: {field: n, step: 0}\n", "c.yaml:2:22: `sequence.step` is 0, and counts nothing"),
    "beside nothing": ("discriminator: {field: type, beside: {a: id}}\n", "c.yaml:2:30: `discriminator.beside` is beside nothing; expected `below` too"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), USELESS.values(), ids=USELESS.keys())
def test_what_can_never_be_is_a_mistake_at_its_place(text, expected):
    assert mistakes(HEAD + text) == [expected]


def test_python_makes_the_same_contract():
    made = Contract(
        contract="x/1",
        events={"b": EventType(fields={"n": "int"})},
        scopes={"run": Scope(key=["id"], open=["a"], close=["b"])},
        spans={"s": Span(open="c", close="d", inside="run")},
        sequence=Sequence(field="n", start=0),
    )
    text = (
        "contract: x/1\nevents: {b: {fields: {n: int}}}\nscopes: {run: {key: [id], open: [a], close: [b]}}\n"
        "spans: {s: {open: c, close: d, inside: run}}\nsequence: {field: n, start: 0}\n"
    )
    assert plan_contract(made).plan == read_contract(text).plan
    with pytest.raises(ContractError, match="names the scope `rum`; did you mean `run`"):
        plan_contract(Contract(contract="x", scopes={"run": Scope()}, sequence=Sequence(field="n", per="rum")))


def test_a_name_that_is_no_contract_has_a_suggestion():
    with pytest.raises(UserError, match="did you mean `agent-events`"):
        load_contract("agent-event")


@given(
    text=st.text(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    ).map(json.dumps)
)
@settings(max_examples=50, deadline=None)
def test_whatever_stands_in_a_file_is_no_traceback(text):
    with pytest.raises(ContractError):
        read_contract("contract: x/1\nzzz: " + text.replace("\n", " ") + "\n")


KEYS = (
    "events",
    "scopes",
    "spans",
    "count",
    "order",
    "sequence",
    "states",
    "fold",
    "unique",
    "deadline",
    "isolation",
    "quiet",
    "exchange",
    "policy",
    "profiles",
    "time",
    "unknown",
    "discriminator",
    "transport",
    "close_codes",
)


@given(
    key=st.sampled_from(KEYS),
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-2, 9)
        | st.sampled_from(["a", "run", "", "1..", "5s", "span:x", "any a", "*"]),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "a",
                        "open",
                        "close",
                        "key",
                        "field",
                        "per",
                        "in",
                        "of",
                        "where",
                        "from",
                        "to",
                        "max",
                        "span",
                        "after",
                        "for",
                        "edges",
                        "over",
                        "equals",
                    ]
                ),
                x,
                max_size=4,
            )
        ),
        max_leaves=8,
    ),
)
@settings(max_examples=120, deadline=None)
def test_whatever_a_key_holds_is_no_traceback(key, value):
    told = ""
    with contextlib.suppress(ContractError):
        told = planned(HEAD + f"{key}: {json.dumps(value)}\n")
    assert told in ("", "x/1")


def test_the_schema_admits_what_loads():
    schema = json.loads((ROOT / "schema/contract.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    texts = [EVERY_KEY, *(sample.yaml for sample in SAMPLES if "\n" in sample.yaml)]
    texts += [(ROOT / f"src/canonry/contract/protocols/{name}.yaml").read_text() for name in shipped()]
    for text in texts:
        assert list(validator.iter_errors(read_yaml(text).value)) == []
    assert list(validator.iter_errors({"contract": "x", "evnts": {}})) != []


@pytest.mark.parametrize("name", ["docs/contracts.md", "schema/contract.schema.json"])
def test_what_follows_from_the_types_is_fresh(name):
    assert (ROOT / name).read_text(encoding="utf-8") == generated_files()[name], (
        f"{name} is stale; `make docs` renews it"
    )


def test_the_examples_of_the_page_load():
    page = (ROOT / "docs/contracts.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert blocks
    for block in blocks:
        read_contract(block)
