"""What tools compute, and what they refuse."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import run

from canonry.testing.services.running import Running
from reference_chat.agents.rendezvous import Rendezvous, SharedRendezvous
from reference_chat.agents.tools import ToolError, evaluate, matching, user_tools


@pytest.mark.parametrize(
    ("expression", "value"),
    [("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("-4 / 8", -0.5), ("2 - -2", 4), (" 7 ", 7), ("1e3 * 2", 2000)],
)
def test_a_sum_has_a_value(expression: str, value: float) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "1 +",
        "__import__('os').system('true')",
        "a",
        "2 ** 9 ** 9",
        "1 / 0",
        "1 if 1 else 2",
        "True + 1",
        "'a' * 3",
        "(" * 100 + "1" + ")" * 100,
        "1" * 201,
        "1e308 * 10 - 1e308 * 10" + " + 1" * 100,
        "\x00",
    ],
)
def test_what_is_no_sum_is_refused(expression: str) -> None:
    with pytest.raises(ToolError):
        evaluate(expression)


@given(st.text(max_size=60))
def test_every_text_is_a_sum_or_refused(text: str) -> None:
    try:
        value = evaluate(text)
    except ToolError:
        return
    assert isinstance(value, float)


def test_notes_match_by_words_of_four_letters_and_the_last_five_count() -> None:
    notes = [f"note {number} about the Harbour" for number in range(7)] + ["the cat"]

    assert matching(notes, "HARBOUR, please") == notes[2:7]
    assert matching(notes, "the cat") == []


def test_offers_hold_the_schema_that_arguments_are_checked_against() -> None:
    offers = {tool.name: tool.offer.function.parameters for tool in user_tools()}

    assert offers["calculator"]["properties"] == {"expression": {"type": "string"}}
    assert offers["calculator"]["required"] == ["expression"]
    assert offers["clock"]["type"] == "object"


def test_a_barrier_opens_for_its_parties_and_begins_anew() -> None:
    async def meet() -> tuple[list[int], bool]:
        meeting = Rendezvous()
        first = await asyncio.gather(*(meeting.wait("a", 3) for _ in range(3)))
        second = asyncio.create_task(meeting.wait("a", 3))
        await asyncio.sleep(0.01)
        waits = not second.done()
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        return first, waits

    assert run(meet()) == ([0, 1, 2], True)


def test_who_gave_up_at_a_barrier_has_not_come() -> None:
    async def meet() -> bool:
        meeting = Rendezvous()
        leaver = asyncio.create_task(meeting.wait("a", 2))
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.gather(leaver, return_exceptions=True)
        stays = asyncio.create_task(meeting.wait("a", 2))
        await asyncio.sleep(0.01)
        waited = not stays.done()
        await meeting.wait("a", 2)
        await stays
        return waited

    assert run(meet())


@pytest.mark.requires("redis")
def test_runs_of_several_processes_meet_in_redis(redis: Running) -> None:
    async def meet() -> tuple[set[int], bool]:
        here, there = SharedRendezvous(redis.url), SharedRendezvous(redis.url)
        leaver = asyncio.create_task(here.wait("a", 3))
        await asyncio.sleep(0.05)
        leaver.cancel()
        await asyncio.gather(leaver, return_exceptions=True)
        early = [asyncio.create_task(one.wait("a", 3)) for one in (here, there)]
        await asyncio.sleep(0.05)
        waited = not any(task.done() for task in early)
        numbers = {await there.wait("a", 3), *(await asyncio.gather(*early))}
        await asyncio.gather(here.close(), there.close())
        return numbers, waited

    assert run(meet()) == ({0, 1, 2}, True)
