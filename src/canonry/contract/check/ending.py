"""The end of a stream: what is still owed is violated."""

from canonry.contract.check import demands, scopes, spans
from canonry.contract.check.state import Instance, State
from canonry.contract.compile.plan import SESSION


def end_of_stream(state: State, at: float | None, close_code: int | str | None) -> None:
    """Report everything that a session owes when nothing more comes."""
    plan = state.plan
    state.event = ""
    state.flawed = False
    state.at = at
    spans.end_implied(state, -1)
    if plan.close_codes is not None and close_code is not None and str(close_code) not in plan.close_codes:
        known = ", ".join(sorted(plan.close_codes))
        state.report("close_codes", f"the connection is closed with {close_code}; expected one of {known}")
    for index, asked in enumerate(state.asked):
        exchange = plan.exchanges[index]
        for n, _, _ in asked:
            state.report(exchange.rule, "the stream ends without an answer", n)
    for scope in plan.scopes:
        for inst in list(state.live[scope.index].values()):
            _end_scope(state, inst)
    _end_spans(state, state.root)
    demands.too_few(state, state.root)
    if at is not None:
        demands.overdue(state, state.root)


def _end_scope(state: State, inst: Instance) -> None:
    scope = state.plan.scopes[inst.scope]
    if inst.ghost:
        return
    if at_rest(inst) or not scope.must_close:
        return
    state.report(
        f"{scope.name}.ended", f"the stream ends, and the {scope.name}{scopes.named(inst.key)} is still open", inst.n
    )
    _end_spans(state, inst)
    demands.too_few(state, inst)
    demands.overdue(state, inst)


def at_rest(inst: Instance) -> bool:
    """Whether a scope waits for something that need not come in this stream."""
    return inst.paused


def _end_spans(state: State, inst: Instance) -> None:
    for span in state.plan.spans:
        if span.home == inst.scope or (span.home == SESSION and inst.scope == SESSION):
            for record in inst.spans[span.index].values():
                if record.owed:
                    state.report(
                        f"{span.name}.closed",
                        f"the stream ends, and the {span.name}{spans.named_key(span, record.key)} is still open",
                        record.n,
                    )
                    demands.span_deadlines(state, span.index, record)
