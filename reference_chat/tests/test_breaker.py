"""The breaker between the loop and a model that fails, is slow or hangs: how many calls reach the model is counted there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from runs import SECRET, Bench, bench, run

from reference_chat.model.client import ModelError

_QUICK: dict[str, Any] = {
    "breaker_window": 10,
    "breaker_minimum": 5,
    "breaker_open": 0.3,
    "model_slow": 0.06,
}


class _Model:
    """The embedded model's control and census, over HTTP as a test from outside would."""

    def __init__(self, made: Bench, http: httpx2.AsyncClient) -> None:
        self._base = str(made.loop.census()["model_url"]).removesuffix("/v1")
        self._http = http

    async def order(self, **orders: Any) -> None:
        response = await self._http.put(f"{self._base}/control", json=orders, headers={"X-Chat-Test-Secret": SECRET})
        response.raise_for_status()

    async def census(self) -> dict[str, Any]:
        response = await self._http.get(f"{self._base}/census", headers={"X-Chat-Test-Secret": SECRET})
        counted: dict[str, Any] = response.raise_for_status().json()
        return counted


async def _ask(made: Bench, count: int, *, together: bool = False, hangs: bool = False) -> list[str]:
    """How `count` runs ended: `ok`, or the code of the error."""

    async def one() -> str:
        last = (await made.ask("[[tools:0]] hello", timeout=20 if not hangs else 1.2)).last
        return "ok" if "final_response" in last else str(last["error"]["code"])

    if together:
        return list(await asyncio.gather(*(one() for _ in range(count))))
    return [await one() for _ in range(count)]


async def _opens_at_eighty_percent(made: Bench, model: _Model) -> bool:
    await model.order(error_rate=0.8)
    ended = await _ask(made, 30)
    return "circuit_open" in ended and (await model.census())["calls"] < 30


async def _opens_when_slow(made: Bench, model: _Model) -> bool:
    await model.order(slow=0.12)
    return "circuit_open" in await _ask(made, 8)


async def _ends_calls_that_hang(made: Bench, model: _Model) -> bool:
    await model.order(hang=True)
    return await _ask(made, 1, hangs=True) == ["model_timeout"]


async def _closes_again(made: Bench, model: _Model) -> bool:
    await model.order(error_rate=1.0)
    await _ask(made, 6)
    await model.order()
    await asyncio.sleep(0.35)
    return await _ask(made, 3) == ["ok"] * 3


async def _sends_one_probe(made: Bench, model: _Model) -> bool:
    await model.order(error_rate=1.0)
    await _ask(made, 6)
    before = (await model.census())["calls"]
    await model.order(slow=0.5)
    await asyncio.sleep(0.35)
    ended = await _ask(made, 20, together=True)
    return (await model.census())["calls"] == before + 1 and ended.count("circuit_open") == 19


Law = Callable[[Bench, _Model], Awaitable[bool]]
_LAWS: list[tuple[Law, str]] = [
    (_opens_at_eighty_percent, "breaker_never_opens"),
    (_opens_at_eighty_percent, "breaker_counts_consecutive"),
    (_opens_when_slow, "breaker_ignores_slow"),
    (_ends_calls_that_hang, "breaker_no_timeout"),
    (_closes_again, "breaker_never_closes"),
    (_sends_one_probe, "breaker_stampede"),
]


async def _holds(law: Law, fault: str | None) -> bool:
    # Slow is a matter of the two laws that speak of it; on a busy machine every call may be.
    slow = {} if law is _opens_when_slow else {"model_slow": 5.0}
    limit = {"model_timeout": 0.4} if law is _ends_calls_that_hang else {}
    async with bench(**{**_QUICK, **slow, **limit}) as made, httpx2.AsyncClient(trust_env=False) as http:
        if fault:
            made.faults.switch({fault: True})
        return await law(made, _Model(made, http))


@pytest.mark.parametrize(("law", "fault"), _LAWS, ids=[fault for _, fault in _LAWS])
def test_the_law_holds_and_its_fault_breaks_it(law: Law, fault: str) -> None:
    assert run(_holds(law, None))
    assert not run(_holds(law, fault))


def test_a_question_that_the_model_refuses_is_no_outage() -> None:
    async def it() -> object:
        async with bench(**_QUICK) as made:
            for _ in range(8):
                await made.ask("[[fail:400]]")
            return made.loop.census()["breaker"]

    shown = run(it())
    assert isinstance(shown, dict)
    assert (shown["state"], shown["failures"], shown["calls"]) == ("closed", 0, 8)


def test_a_run_that_is_given_up_while_it_probes_does_not_wedge_the_breaker() -> None:
    async def it() -> list[str]:
        async with bench(**{**_QUICK, "model_slow": 5.0}) as made, httpx2.AsyncClient(trust_env=False) as http:
            model = _Model(made, http)
            await model.order(error_rate=1.0)
            await _ask(made, 6)
            await model.order()
            await asyncio.sleep(0.35)
            recorder = made.new()
            probing = asyncio.create_task(made.loop.run(recorder.context, "[[hang]]", [], recorder))
            while (await model.census())["active"] != 1:
                await asyncio.sleep(0.005)
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)
            return await _ask(made, 2)

    assert run(it()) == ["ok", "ok"]


def test_an_error_that_is_not_the_models_passes_and_counts_nothing() -> None:
    async def it() -> None:
        async with bench() as made:
            breaker = made.loop._breaker

            async def lost() -> None:
                raise TimeoutError("not the breaker's")

            with pytest.raises(TimeoutError, match="not the breaker's"):
                await breaker.call(lost)
            assert breaker.circuit.shown()["calls"] == 0

            async def refused() -> None:
                raise ModelError("model_unavailable", "gone", retryable=True)

            with pytest.raises(ModelError):
                await breaker.call(refused)
            assert breaker.circuit.shown()["failures"] == 1

    run(it())
