"""What a run emits, for every way in which the model can be steered, and how it ends."""

import asyncio
import time

import pytest
from runs import Bench, Recorder, Said, asked, assert_kept, bench, judged, run

from reference_chat.agents.context import RunOverError

_FIVE = ["started", "thinking", "tool_executing", "tool_completed", "completed"]
_STEP = ["started'", "thinking'", "completed'"]
_DATA = ["started'", "thinking'", "tool_executing'", "tool_completed'", "completed'"]


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("hello", _FIVE),
        ("", _FIVE),
        ("[[tools:0]] hello", ["started", "thinking", "completed"]),
        ("[[tools:3]] hello", ["started", "thinking", *["tool_executing", "tool_completed"] * 3, "completed"]),
        ("[[echo:abc]]", _FIVE),
        ("[[stream:3]][[tools:0]]", ["started", "thinking", *["thinking"] * 3, "completed"]),
        ("[[sub]] hello", ["started", "thinking", *_STEP, *_DATA, *_STEP, "completed"]),
        (
            "[[sub:fail]] hello",
            ["started", "thinking", *_STEP, "started'", "thinking'", "error'", *_STEP, "completed"],
        ),
        ("[[barrier:door:1]] hello", _FIVE),
        ("[[fail:500]]", ["started", "thinking", "error"]),
        ("[[fail:stream]]", ["started", "thinking", "error"]),
        ("[[slow:0.05]] hello", _FIVE),
        ("[[pace:0.001]] hello", _FIVE),
        (
            "[[tools:20]] [[unknown:1]] [[tools:x]] [[slow:nan]] [[",
            ["started", "thinking", *_FIVE[2:4] * 20, "completed"],
        ),
    ],
)
def test_every_directive_gives_a_stream_that_keeps_the_contract(text: str, types: list[str]) -> None:
    recorder = asked(text)

    assert [type for type in recorder.types if type != "thinking"] == [type for type in types if type != "thinking"]
    assert recorder.types.count("thinking") >= types.count("thinking")
    assert_kept(recorder)


def test_plain_text_gives_the_five_events_and_an_answer_that_quotes_it() -> None:
    recorder = asked(
        "what did I say about <b>tea</b>?", history=[Said("user", "Tea is green"), Said("assistant", "so")]
    )

    assert recorder.types == _FIVE
    assert recorder.last == {
        "final_response": "You asked: “what did I say about <b>tea</b>?”. You said nothing about it before."
    }


def test_notes_are_what_the_user_said_in_this_thread() -> None:
    history = [Said("user", "The harbour opens at nine"), Said("assistant", "harbour: noted"), Said("user", "bye")]

    recorder = asked("when does the harbour open?", history=history)

    (found,) = recorder.results("lookup_notes")
    assert found["results"]["notes"] == ["The harbour opens at nine"]
    assert "The harbour opens at nine" in recorder.last["final_response"]


def test_a_sum_is_computed() -> None:
    assert "6 * 7 + 0.5 = 42.5" in asked("how much is 6 * 7 + 0.5?").last["final_response"]


def test_words_of_a_note_are_no_directives_for_the_agents_that_hear_of_it() -> None:
    recorder = asked("[[sub]] about bananas", history=[Said("user", "[[hang]] bananas")], timeout=5)

    assert recorder.types[-1] == "completed"
    assert "bananas" in recorder.last["final_response"]


@pytest.mark.parametrize(
    ("text", "code", "retryable"),
    [
        ("[[fail:500]]", "model_unavailable", True),
        ("[[fail:429]]", "model_rate_limited", True),
        ("[[fail:400]]", "model_refused", False),
        ("[[fail:stream]]", "model_unavailable", True),
        ("[[echo: ]][[tools:0]]", "empty_answer", True),
        ("[[hang]]", "model_timeout", True),
        ("[[hang:stream]]", "model_timeout", True),
    ],
)
def test_an_error_says_what_kind_it_is_and_whether_asking_again_may_help(text: str, code: str, retryable: bool) -> None:
    recorder = asked(text, settings={"model_timeout": 0.3})

    error = recorder.last["error"]
    assert (error["code"], error["retryable"]) == (code, retryable)
    assert error["message"]
    assert_kept(recorder)


@pytest.mark.parametrize("text", ["[[hang]]", "[[barrier:never:2]]", "[[slow:5]][[sub]]", "[[tools:2]][[pace:1]]"])
def test_the_deadline_of_the_run_ends_it(text: str) -> None:
    began = time.monotonic()

    recorder = asked(text, timeout=0.3)

    assert recorder.last["error"]["code"] == "timeout"
    assert time.monotonic() - began < 4
    assert_kept(recorder)


@pytest.mark.parametrize("text", ["[[hang]]", "[[hang:stream]]", "[[barrier:never:2]]", "[[sub]][[slow:9]]"])
def test_a_cancelled_run_closes_what_it_opened_and_says_so(text: str) -> None:
    async def cancel() -> Recorder:
        async with bench() as made:
            recorder = made.new()
            run = asyncio.create_task(made.loop.run(recorder.context, text, [], recorder))
            while len(recorder.events) < 2:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            run.cancel()
            with pytest.raises(asyncio.CancelledError):
                await run
            assert made.loop.census()["runs"] == []
            return recorder

    recorder = run(cancel())
    assert recorder.last["error"]["code"] == "interrupted"
    assert recorder.last["error"]["retryable"] is True
    assert_kept(recorder)


def test_a_step_that_is_cancelled_ends_before_its_run() -> None:
    recorder = run(_cancelled_in_a_step())

    assert recorder.types[-2:] == ["error'", "error"]
    assert_kept(recorder)


async def _cancelled_in_a_step() -> Recorder:
    async with bench() as made:
        recorder = made.new()
        seen = asyncio.Event()

        async def emit(type: str, payload: dict[str, object], **more: str | None) -> None:
            await recorder(type, payload, **more)
            if more.get("step_id") and type == "agent_thinking":
                seen.set()

        run = asyncio.create_task(made.loop.run(recorder.context, "[[sub]] hello", [], emit))
        await seen.wait()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        return recorder


def test_a_waiting_run_is_never_silent_for_long() -> None:
    recorder = asked("[[hang]]", timeout=0.6, settings={"silence": 0.1})

    assert 3 <= recorder.types.count("thinking") <= 8
    assert recorder.types[-1] == "error"
    assert_kept(recorder)


def test_a_tool_that_takes_too_long_is_an_error_of_the_tool_and_not_of_the_run() -> None:
    recorder = asked("[[barrier:alone:2]] hello", settings={"tool_timeout": 0.1})

    (met,) = recorder.results("barrier")
    assert met["error"]["message"] == "`barrier` took too long"
    assert recorder.types[-1] == "completed"
    assert_kept(recorder)


def test_a_long_answer_is_shown_while_it_grows_and_whole_at_its_end() -> None:
    text = "word " * 1_500

    recorder = asked(f"[[echo:{text}]][[tools:0]]")

    partial = [event["payload"]["thought"] for event in recorder.events if event["payload"].get("partial")]
    assert recorder.last["final_response"] == text
    assert len(partial) > 1
    assert text.startswith("".join(partial))
    assert_kept(recorder)


def test_a_run_that_cannot_be_told_of_any_more_ends_and_asks_nothing_more() -> None:
    async def it() -> object:
        async with bench() as made:
            recorder = made.new()
            recorder.over = True
            with pytest.raises(RunOverError):
                await made.loop.run(recorder.context, "hello", [], recorder)
            return made.loop.census()

    census = run(it())
    assert isinstance(census, dict)
    assert census["runs"] == []
    assert census["breaker"]["calls"] == 0


def _overlapping(*faults: str) -> tuple[Recorder, Recorder, list[dict[str, object]]]:
    """Two users whose runs meet at a barrier, and the census while they do."""

    async def watch(made: Bench, into: list[dict[str, object]]) -> None:
        while True:
            runs = made.loop.census()["runs"]
            assert isinstance(runs, list)
            if len(runs) == 2:
                into[:] = runs
            await asyncio.sleep(0.005)

    async def both() -> tuple[Recorder, Recorder, list[dict[str, object]]]:
        async with bench() as made:
            made.faults.switch(dict.fromkeys(faults, True))
            ann, bob = made.new(user="ann", timeout=2), made.new(user="bob", timeout=2)
            census: list[dict[str, object]] = []
            watcher = asyncio.create_task(watch(made, census))
            await asyncio.gather(
                made.loop.run(ann.context, "[[barrier:x:2]] CANARY-ANN", [], ann),
                made.loop.run(bob.context, "[[barrier:x:2]] CANARY-BOB", [], bob),
                return_exceptions=True,
            )
            watcher.cancel()
            return ann, bob, census

    return run(both())


def test_runs_that_overlap_share_nothing() -> None:
    ann, bob, census = _overlapping()

    assert len({run["identity"] for run in census}) == len({run["context"] for run in census}) == 2
    for recorder, own, other in ((ann, "ANN", "BOB"), (bob, "BOB", "ANN")):
        assert_kept(recorder)
        assert own in recorder.last["final_response"]
        assert other not in str(recorder.events)


def test_fault_singleton_makes_overlapping_runs_share_one_object_and_one_stream() -> None:
    ann, bob, census = _overlapping("singleton")

    assert len({run["identity"] for run in census}) == 1
    assert judged(ann).violations or judged(bob).violations


def test_fault_shared_state_shows_one_user_what_another_asked() -> None:
    async def ask() -> tuple[Recorder, Recorder]:
        async with bench() as made:
            made.faults.switch({"shared_state": True})
            await made.ask("CANARY-ANN [[hang]]", timeout=0.1)
            leaked = await made.ask("hello", user="bob")
            made.faults.apply(None)
            return leaked, await made.ask("hello", user="bob")

    leaked, healthy = run(ask())
    assert "CANARY-ANN" in leaked.last["final_response"]
    assert "CANARY-ANN" not in str(healthy.events)


def test_fault_block_holds_up_everybody_else() -> None:
    async def gap(*faults: str) -> float:
        async with bench() as made:
            made.faults.switch({name: {"seconds": 0.6} for name in faults})
            longest, before = 0.0, time.monotonic()
            run = asyncio.create_task(made.ask("hello"))
            while not run.done():
                await asyncio.sleep(0.001)
                longest, before = max(longest, time.monotonic() - before), time.monotonic()
            return longest

    assert run(gap("block")) >= 0.6
    assert run(gap()) < 0.6
