"""Every row of the fault matrix, and every fault that belongs to it."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from golden_path.matrix.cases import PAIR, SQLITE, Case

DEFECTS: Mapping[int, str] = MappingProxyType(
    {
        1: "an event is lost",
        2: "events are out of order",
        3: "an event comes twice",
        4: "something comes after the terminal event",
        5: "no terminal event comes",
        6: "a tool's pair is broken",
        7: "an event has another shape, is no JSON, is too large",
        8: "the first event is late, or a gap is too long",
        9: "another user's event arrives",
        10: "another user's text arrives",
        11: "one object serves two users",
        12: "the context of a run changes, or its id is used again",
        13: "a message before the accept or before authentication",
        14: "bad credentials are accepted",
        15: "a ticket is spent twice, by another, or after its time",
        16: "the token's expiry ends a run",
        17: "a user is in one store only",
        18: "a reconnect loses or repeats events",
        19: "events of a closed connection reach who comes next",
        20: "dead connections stay, or leave something behind",
        21: "a second implementation",
        22: "the breaker does not do its work",
        23: "one slow reader holds up the others",
        24: "something blocks the event loop",
        25: "limits do not hold",
        26: "events get lost between processes",
        27: "an answer is sent and not stored",
        28: "a dependency is gone",
        29: "the process is killed",
        30: "a proxy takes headers away",
        31: "a check cannot fail",
        32: "a checker is bypassed",
        33: "a message reaches no handler, two, or the wrong one",
    }
)


def _case(row: int, key: str, check: str, *expects: str, **faults: Any) -> Case:
    return Case(row=row, key=key, check=check, expects=expects, faults=faults)


def _base64(shift: int) -> dict[str, Any]:
    return {"encode": "base64", "shift": shift}


def _under(circumstance: str, check: str, *cases: Case) -> tuple[Case, ...]:
    """The same faults, noticed by a check that looks under a circumstance."""
    prefix = circumstance.split(" ")[0]
    return tuple(
        replace(case, key=f"{prefix}-{case.key}", check=check, under=circumstance, quick=False) for case in cases
    )


_ANSWERED = "anywhere/test_events.py::test_a_question_is_answered"
_TWO = "anywhere/test_isolation.py::test_two_users_see_their_own"
_GUISE = "anywhere/test_isolation.py::test_what_one_user_said_reaches_no_other_in_any_guise"
_SLOWLY = "inside/test_crowding.py::test_a_slow_reader_gets_everything"
_CUT = "inside/test_reconnecting.py::test_a_cut_loses_and_repeats_nothing"
_CONNECTING = "anywhere/test_connecting.py::"
_MESSAGES = "anywhere/test_messages.py::"
_LIMITS = "anywhere/test_limits.py::"
_RUNS = "inside/test_runs.py::"
_ENDING = "inside/test_ending.py::"
_HANDLERS = "inside/test_handlers.py::test_every_message_reaches_its_own_handler_once"
_BREAKER = "inside/test_breaker.py::"
_CROWDING = "inside/test_crowding.py::"
_SAME_TOOL = {"type": "tool_completed", "field": "payload.tool_name", "value": "other"}
_SAME_CALL = {"type": "tool_completed", "field": "payload.tool_call_id", "value": "call_other"}
_NO_ANSWER = {"type": "agent_completed", "field": "payload.final_response", "value": ""}
_ANSWER = "fields.agent_completed.payload.final_response|payload.result"

_DEAR = frozenset(
    """drop-in-number two-terminals other-tool empty-answer oversize gap message-before-auth slow-auth shared-in-base64-0
    shared-in-base64-1
    repeated-by-resume leak counts-consecutive never-closes stampede ignores-slow no-timeout killed-before-stored
    unrouted-counted wrong-handler-counted
    disk-full database-stopped redis-stopped unrouted wrong-handler accept-expired ticket-late""".split()
)
"""Faults that `--quick` leaves out: their rows have another. `make test` plants a few, `make matrix` all of them."""

_ORDER = (
    _case(1, "drop-in-number", _ANSWERED, "sequence.seq", drop={"type": "agent_thinking", "numbered": True}),
    _case(1, "drop-unnumbered", _ANSWERED, "tool.closed", drop={"type": "tool_completed", "numbered": False}),
    _case(2, "swap", _ANSWERED, "sequence.seq", swap={"type": "agent_thinking"}),
    _case(3, "dup", _ANSWERED, "unique.event_id", dup={"type": "agent_thinking"}),
    _case(4, "late", _ANSWERED, "run.closed", late={"type": "agent_thinking"}),
    _case(4, "two-terminals", _ANSWERED, "run.closed", late={"type": "agent_completed"}),
    _case(5, "stall", _ANSWERED, "run.ended", stall={"type": "agent_completed"}),
    _case(6, "pair", _ANSWERED, "tool.opened", mutate=_SAME_CALL),
    _case(6, "other-tool", _ANSWERED, "tool.same.payload.tool_name", mutate=_SAME_TOOL),
)

_ALL: tuple[Case, ...] = (
    *_ORDER,
    _case(
        7,
        "no-user",
        _ANSWERED,
        "envelope.user_id",
        mutate={"type": "agent_completed", "field": "user_id", "remove": True},
    ),
    _case(7, "empty-answer", _ANSWERED, _ANSWER, mutate=_NO_ANSWER),
    _case(7, "no-json", _ANSWERED, "frame.json", mutate={"type": "tool_executing", "raw": "{not json"}),
    _case(7, "oversize", _ANSWERED, "frame.size", mutate={"type": "agent_thinking", "size": 17_000_000}),
    _case(8, "late-first", _ANSWERED, "deadline.first(run)", delay={"type": "agent_started", "seconds": 2.0}),
    _case(8, "gap", _ANSWERED, "deadline.between", delay={"type": "tool_completed", "seconds": 2.6}),
    replace(_case(9, "misroute", _TWO, "isolation.user_id", misroute={"type": "*"}), under="concurrent users"),
    replace(_case(10, "shared-state", _TWO, "isolation.canary", shared_state={}), under="concurrent users"),
    *(
        replace(
            _case(10, f"shared-in-base64-{shift}", _GUISE, "isolation.canary", shared_state=_base64(shift)),
            under="concurrent users",
        )
        for shift in range(3)
    ),
    replace(
        _case(10, "shared-in-pieces", _GUISE, "isolation.canary", shared_state={"encode": "split"}),
        under="concurrent users",
    ),
    replace(
        _case(
            11,
            "singleton",
            f"{_RUNS}test_overlapping_runs_share_nothing",
            "says: share one object",
            singleton={},
        ),
        under="concurrent users",
    ),
    _case(12, "reuse", f"{_RUNS}test_a_run_has_its_own_id_and_context", "run.once", "run.closed", reuse={}),
    _case(
        12,
        "context-changes",
        f"{_RUNS}test_a_run_has_its_own_id_and_context",
        "run.constant.thread_id",
        mutate={"type": "agent_completed", "field": "thread_id", "value": "thr_other"},
    ),
    _case(
        13,
        "accept-before-auth",
        f"{_CONNECTING}test_nobody_is_accepted_before_he_is_known",
        "says: without credentials is accepted",
        accept_before_auth={},
    ),
    _case(
        13,
        "message-before-auth",
        f"{_CONNECTING}test_a_crowd_connects_in_time",
        "says: an event before the welcome",
        accept_before_auth={},
    ),
    _case(
        13,
        "slow-auth",
        f"{_CONNECTING}test_a_crowd_connects_in_time",
        "says: connecting took",
        slow_auth={"seconds": 2.5},
    ),
    _case(
        14,
        "skip-signature",
        f"{_CONNECTING}test_bad_credentials_are_refused",
        "says: bad credentials are accepted",
        skip_signature={},
    ),
    _case(
        14,
        "accept-expired",
        f"{_RUNS}test_expired_and_foreign_tokens_are_refused",
        "says: bad tokens are accepted: expired",
        accept_expired={},
    ),
    _case(
        15,
        "ticket-twice",
        f"{_CONNECTING}test_a_ticket_is_redeemed_once",
        "says: redeem one ticket at once",
        get_then_delete={"seconds": 0.3},
    ),
    _case(
        15,
        "ticket-late",
        "inside/test_tickets.py::test_a_ticket_has_its_time",
        "says: after its time",
        get_then_delete={},
    ),
    _case(
        15,
        "ticket-of-another",
        f"{_CONNECTING}test_a_ticket_is_its_owners",
        "says: token of another",
        get_then_delete={},
    ),
    _case(16, "short-ttl", f"{_RUNS}test_a_run_outlives_its_token", "run.ended", short_ttl={"seconds": 0.7}),
    _case(
        16,
        "refresh-ignored",
        f"{_RUNS}test_a_socket_outlives_its_token_where_a_newer_one_comes",
        "says: although a newer one came",
        short_ttl={"seconds": 1.0},
    ),
    _case(
        17,
        "half-a-user",
        "anywhere/test_accounts.py::test_a_user_is_registered_wholly_or_not_at_all",
        "says: half a user",
        fail_second_write={},
    ),
    replace(
        _case(18, "lost-by-resume", _CUT, "sequence.seq", cut={"after": 0, "lose": 1, "repeat": 0}), under="disconnect"
    ),
    replace(
        _case(18, "repeated-by-resume", _CUT, "unique.event_id", cut={"after": 0, "lose": 0, "repeat": 1}),
        under="disconnect",
    ),
    replace(
        _case(
            19,
            "zombie",
            "inside/test_reconnecting.py::test_a_closed_connection_hands_nothing_on",
            "isolation.user_id",
            zombie_emitter={},
        ),
        under="disconnect",
    ),
    _case(20, "no-reap", f"{_CROWDING}test_half_open_sockets_are_reaped", "says: after two beats", no_reap={}),
    _case(
        20, "leak", f"{_CROWDING}test_connections_leave_nothing_behind", "says: MB behind", leak={"bytes": 1_000_000}
    ),
    _case(
        21,
        "second-registry",
        "inside/test_proofs.py::test_each_part_is_there_once",
        "says: a second implementation: DUP001",
    ),
    _case(
        21,
        "beside-the-emitter",
        "inside/test_handlers.py::test_every_event_is_of_the_one_emitter",
        "says: are of the one emitter",
        dup={"type": "tool_completed"},
    ),
    _case(
        22,
        "never-opens",
        f"{_BREAKER}test_it_opens_at_a_rate_of_errors",
        "says: at 80 % errors the breaker is closed",
        breaker_never_opens={},
    ),
    _case(
        22,
        "counts-consecutive",
        f"{_BREAKER}test_it_opens_at_a_rate_of_errors",
        "says: at 80 % errors the breaker is closed",
        breaker_counts_consecutive={},
    ),
    _case(
        22,
        "never-closes",
        f"{_BREAKER}test_it_closes_after_a_good_probe",
        "says: does not close after a good probe",
        breaker_never_closes={},
    ),
    _case(
        22,
        "stampede",
        f"{_BREAKER}test_half_open_it_lets_one_through",
        "says: calls through at once",
        breaker_stampede={},
    ),
    _case(
        22,
        "ignores-slow",
        f"{_BREAKER}test_it_opens_when_calls_are_slow",
        "says: slow calls leave the breaker closed",
        breaker_ignores_slow={},
    ),
    _case(
        22,
        "no-timeout",
        f"{_BREAKER}test_a_call_that_hangs_is_given_up",
        "says: a call hangs for",
        breaker_no_timeout={},
    ),
    replace(
        _case(
            23,
            "slow-reader",
            f"{_CROWDING}test_a_slow_reader_holds_up_nobody_else",
            "says: held up another",
            unbounded_queue={},
        ),
        own_process=True,
        under="slow reader",
    ),
    _case(24, "block", f"{_CROWDING}test_nothing_blocks_the_event_loop", "exchange.ping", block={"seconds": 1.2}),
    _case(
        25,
        "no-limit-of-text",
        f"{_LIMITS}test_a_text_has_a_limit",
        "says: too long starts a run",
        no_limits={"only": "text"},
    ),
    _case(
        25,
        "no-limit-of-connections",
        f"{_LIMITS}test_connections_of_a_user_have_a_limit",
        "says: the eleventh connection of a user is accepted",
        no_limits={"only": "connections"},
    ),
    _case(
        25,
        "no-limit-of-rate",
        f"{_LIMITS}test_messages_have_a_rate",
        "says: are not too fast",
        no_limits={"only": "rate"},
    ),
    _case(
        25,
        "no-limit-of-runs",
        f"{_LIMITS}test_runs_of_a_user_have_a_limit",
        "says: a user has 21 runs",
        no_limits={"only": "runs"},
    ),
    _case(
        25,
        "no-limit-of-body",
        f"{_LIMITS}test_bodies_have_a_limit",
        "says: is answered with 422",
        no_limits={"only": "body"},
    ),
    _case(
        25,
        "no-limit-of-frame",
        f"{_LIMITS}test_frames_have_a_limit",
        "says: bytes is answered",
        no_limits={"only": "frame"},
    ),
    replace(
        _case(
            26,
            "pubsub-drop",
            "inside/test_reconnecting.py::test_a_run_is_followed_from_another_process",
            "run.ended",
            pubsub_drop={},
        ),
        engines=(PAIR,),
        under="concurrent users",
    ),
    _case(
        27,
        "persist-late",
        f"{_MESSAGES}test_what_was_answered_is_stored",
        "says: is not stored",
        persist_late={"seconds": 1.0},
    ),
    replace(
        _case(
            27,
            "killed-before-stored",
            f"{_ENDING}test_what_was_sent_survives_kill_9",
            "says: lost after kill -9",
            persist_late={"seconds": 2.0},
        ),
        own_process=True,
        under="disconnect",
    ),
    _case(28, "no-model", f"{_ENDING}test_the_golden_question_has_its_dependencies", "says: questions have no answer"),
    replace(
        _case(
            28, "disk-full", f"{_ENDING}test_the_golden_question_has_its_dependencies", "says: questions have no answer"
        ),
        engines=(SQLITE,),
    ),
    *(
        replace(
            _case(
                28,
                f"{which}-stopped",
                f"{_ENDING}test_the_golden_question_has_its_dependencies",
                "says: questions have no answer",
            ),
            engines=(PAIR,),
        )
        for which in ("database", "redis")
    ),
    _case(29, "killed", f"{_ENDING}test_a_run_survives_the_end_of_its_process", "close_codes", "run.ended"),
    _case(
        30,
        "strip-ticket",
        f"{_CONNECTING}test_a_ticket_passes_a_proxy_that_strips_headers",
        "says: refuses the connection with status 403",
        strip={"only": "ticket"},
    ),
    _case(
        30,
        "strip-subprotocol",
        f"{_CONNECTING}test_a_subprotocol_passes_a_proxy_that_strips_headers",
        "says: refuses the connection with status 403",
        strip={"only": "subprotocol"},
    ),
    _case(
        31,
        "toothless",
        "inside/test_proofs.py::test_every_rule_of_the_contract_can_be_broken",
        "says: a mutant stays green",
    ),
    _case(32, "bypass", f"{_MESSAGES}test_every_frame_is_judged", "says: frames went by", bypass={}),
    _case(
        33,
        "unrouted",
        f"{_MESSAGES}test_a_message_starts_one_run",
        "exchange.user_message",
        unrouted={"type": "user_message"},
    ),
    _case(
        33,
        "unrouted-counted",
        _HANDLERS,
        "says: the handlers that were reached are",
        unrouted={"type": "user_message"},
    ),
    _case(
        33,
        "double-route",
        f"{_MESSAGES}test_a_message_starts_one_run",
        "says: one message starts 2 runs",
        double_route={"type": "user_message"},
    ),
    _case(
        33,
        "double-route-counted",
        _HANDLERS,
        "says: the handlers that were reached are",
        double_route={"type": "user_message"},
    ),
    _case(
        33,
        "wrong-handler",
        f"{_MESSAGES}test_a_message_starts_one_run",
        "exchange.user_message",
        wrong_handler={"type": "user_message", "as": "ping"},
    ),
    _case(
        33,
        "wrong-handler-counted",
        _HANDLERS,
        "says: the handlers that were reached are",
        wrong_handler={"type": "user_message", "as": "ping"},
    ),
    *_under("concurrent users", _TWO, *_ORDER),
    *_under("disconnect", _CUT, *_ORDER),
    *_under("slow reader", _SLOWLY, *_ORDER),
)

CASES: tuple[Case, ...] = tuple(replace(case, quick=case.quick and case.key not in _DEAR) for case in _ALL)
