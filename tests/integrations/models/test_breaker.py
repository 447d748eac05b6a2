"""When a server is left alone, when it is tried again, when a question is asked twice, and what it costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import NotConfigured
from integrations.models import breaker as breaking
from integrations.models.base import ModelUnavailable, Problem
from integrations.models.breaker import FAILURES, LONGEST, SHORTEST, WINDOW, Breaker, State, forget_breakers
from integrations.models.chat import ChatClient
from integrations.models.prices import FREE, Price, parsed, price_of
from integrations.models.retrying import LEAST_LEFT, MOST_AFTER, of_status, pause_before_retry
from integrations.models.shaping import RUNGS, shaped
from integrations.models.wire import Usage, usage_of, whole
from tests.models_server import ModelsServer, Talk, serving


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def failing(breaker: Breaker, times: int, problem: Problem = Problem.DOWN) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.failed(problem)


def refuses(breaker: Breaker) -> bool:
    try:
        breaker.enter()
    except ModelUnavailable as error:
        return error.problem is Problem.OPEN
    return False


def test_five_failures_in_half_a_minute_open_it_and_one_probe_closes_it() -> None:
    clock = Clock()
    breaker = Breaker("x", clock)
    failing(breaker, FAILURES)
    assert breaker.state is State.OPEN
    assert refuses(breaker)

    clock.now += SHORTEST
    assert breaker.state is State.TRYING
    assert not refuses(breaker)
    assert refuses(breaker)  # one finds out, the others go on without it
    breaker.succeeded()
    assert breaker.state is State.CLOSED


def test_a_probe_that_fails_makes_it_wait_twice_as_long_up_to_two_minutes() -> None:
    clock = Clock()
    breaker = Breaker("x", clock)
    failing(breaker, FAILURES)
    waited = []
    for _ in range(8):
        began = clock.now
        while refuses(breaker):
            clock.now += 1.0
        breaker.failed(Problem.SLOW)
        waited.append(clock.now - began)

    assert waited[:4] == [5.0, 10.0, 20.0, 40.0]
    assert max(waited) == LONGEST


def test_failures_that_are_far_apart_or_few_among_many_do_not_open_it() -> None:
    clock = Clock()
    breaker = Breaker("x", clock)
    for _ in range(20):
        failing(breaker, 1)
        clock.now += WINDOW / 3
    assert breaker.state is State.CLOSED
    for _ in range(20):
        for _ in range(3):
            breaker.enter()
            breaker.succeeded()
        failing(breaker, 1)
    assert breaker.state is State.CLOSED


@pytest.mark.parametrize("problem", [Problem.REFUSED, Problem.CUT, Problem.SHAPE, Problem.REJECTED])
def test_what_says_nothing_of_the_server_does_not_open_it(problem: Problem) -> None:
    breaker = Breaker("x", Clock())
    failing(breaker, 50, problem)

    assert breaker.state is State.CLOSED


def test_a_probe_that_somebody_stopped_lets_the_next_one_try() -> None:
    clock = Clock()
    breaker = Breaker("x", clock)
    failing(breaker, FAILURES)
    clock.now += SHORTEST
    breaker.enter()
    breaker.left()

    assert not refuses(breaker)


def test_a_probe_of_which_nothing_was_heard_again_does_not_close_the_door_for_ever() -> None:
    clock = Clock()
    breaker = Breaker("x", clock)
    failing(breaker, FAILURES)
    clock.now += SHORTEST
    breaker.enter()
    clock.now += LONGEST + 1

    assert not refuses(breaker)


async def test_while_it_is_open_nobody_waits_for_the_server() -> None:
    async with serving() as server:
        server.talk = Talk(status=500)
        client = ChatClient("vllm", server.url, "tiny", deadline=5.0)
        for _ in range(FAILURES):
            with pytest.raises(ModelUnavailable):
                await client.complete([{"role": "user", "content": "x"}], 10)
        asked = len(server.seen)
        with pytest.raises(ModelUnavailable) as caught:
            await client.complete([{"role": "user", "content": "x"}], 10)
        await client.close()

    assert caught.value.problem is Problem.OPEN
    assert len(server.seen) == asked
    forget_breakers()


@pytest.mark.twin
async def test_twin_without_the_breaker_everybody_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Breaker, "enter", lambda self: None)
    async with serving() as server:
        server.talk = Talk(status=500)
        client = ChatClient("vllm", server.url, "tiny", deadline=5.0)
        for _ in range(FAILURES + 1):
            with pytest.raises(ModelUnavailable):
                await client.complete([{"role": "user", "content": "x"}], 10)
        await client.close()

    assert len(server.seen) == 2 * (FAILURES + 1)
    forget_breakers()


# twice


@pytest.mark.parametrize(
    ("problem", "tries", "left", "again"),
    [
        (Problem.DOWN, 1, 5.0, True),
        (Problem.BUSY, 1, 5.0, True),
        (Problem.DOWN, 2, 5.0, False),
        (Problem.DOWN, 1, LEAST_LEFT, False),
        *((each, 1, 60.0, False) for each in Problem if each not in (Problem.DOWN, Problem.BUSY)),
    ],
)
def test_a_second_try_is_made_where_it_helps(problem: Problem, tries: int, left: float, again: bool) -> None:
    assert (pause_before_retry(ModelUnavailable("x", problem), tries, left) is not None) is again


def test_a_servers_wish_is_kept_where_there_is_the_time_for_it() -> None:
    error = of_status("vllm", 503, "3")
    assert pause_before_retry(error, 1, 8.0) == 3.0
    assert pause_before_retry(error, 1, 3.5) is None


@pytest.mark.parametrize(
    ("status", "header", "problem", "after"),
    [
        (401, "", Problem.KEY, 0), (403, "", Problem.KEY, 0), (429, "7", Problem.BUSY, 7),
        (503, "", Problem.BUSY, 0),
        (503, "Wed, 21 Oct 2026 07:28:00 GMT", Problem.BUSY, 0), (429, "-1", Problem.BUSY, 0),
        (429, "99999", Problem.BUSY, MOST_AFTER), (429, "1" * 400, Problem.BUSY, 0),
        (429, "²", Problem.BUSY, 0),
        (500, "", Problem.DOWN, 0), (502, "", Problem.DOWN, 0), (408, "", Problem.DOWN, 0),
        (400, "", Problem.REJECTED, 0), (422, "", Problem.REJECTED, 0), (404, "", Problem.SHAPE, 0),
        (307, "", Problem.SHAPE, 0), (204, "", Problem.SHAPE, 0),
    ],
)  # fmt: skip
def test_a_status_says_what_to_do(status: int, header: str, problem: Problem, after: float) -> None:
    found = of_status("vllm", status, header)

    assert (found.problem, found.after) == (problem, after)


@pytest.mark.parametrize(
    "talk",
    [
        Talk(status=401, body=b'{"error": "Unauthorized"}'),
        Talk(status=404, body=b'{"detail": "Not Found"}'),
        Talk(status=400, body=b"maximum context length is 5 tokens"),
        Talk(status=403, body=b"x" * 300_000),
    ],
    ids=["14 a string for an error", "14 an unknown route", "15 too long", "a huge one"],
)
async def test_a_refusal_of_any_shape_is_asked_once_and_never_repeated_in_our_words(talk: Talk) -> None:
    async with serving() as server:
        server.talk = talk
        client = ChatClient("vllm", server.url, "tiny", deadline=3.0)
        with pytest.raises(ModelUnavailable) as caught:
            await client.complete([{"role": "user", "content": "x"}], 10)
        await client.close()

    assert len(server.seen) == 1
    assert "Unauthorized" not in str(caught.value)
    assert "length" not in str(caught.value)


async def test_a_busy_server_is_asked_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as server:
        server.talks.append(Talk(status=503, body=b'{"error": {"type": "Service Unavailable", "code": 503}}'))
        client = ChatClient("vllm", server.url, "tiny", deadline=5.0)
        assert await client.complete([{"role": "user", "content": "x"}], 10) == "Hello."
        server.talks.append(Talk(status=500, body=b"cannot schedule new futures after shutdown"))
        assert await client.complete([{"role": "user", "content": "x"}], 10) == "Hello."
        await client.close()

    assert len(server.seen) == 4
    forget_breakers()


# the form of a question


async def structured(server: ModelsServer, client: ChatClient) -> str:
    asked = [{"role": "system", "content": "Rules."}, {"role": "user", "content": "x"}]
    return (await client.structured(asked, {"type": "object"}, 50)).text


async def test_a_server_that_knows_no_schema_is_asked_more_simply_and_that_is_remembered() -> None:
    def picky(asked: dict[str, Any]) -> Talk:
        refused = asked.get("response_format", {}).get("type") == "json_schema" or "logprobs" in asked
        return Talk(status=400) if refused else Talk("{}")

    async with serving() as server:
        server.answer = picky
        client = ChatClient("edge", server.url, "tiny", deadline=5.0)
        assert await structured(server, client) == "{}"
        assert len(server.seen) == 3
        assert await structured(server, client) == "{}"
        assert len(server.seen) == 4
        await client.close()

    assert server.seen[-1]["response_format"] == {"type": "json_object"}
    assert "JSON Schema" in server.seen[-1]["messages"][0]["content"]


async def test_what_is_too_long_in_every_form_changes_nothing_for_the_next() -> None:
    async with serving() as server:
        client = ChatClient("vllm", server.url, "tiny", deadline=5.0)
        server.talk = Talk(status=400)
        with pytest.raises(ModelUnavailable):
            await structured(server, client)
        server.talk = Talk("{}")
        await structured(server, client)
        await client.close()

    assert server.seen[-1]["logprobs"] is True
    assert server.seen[-1]["response_format"]["json_schema"]["strict"] is True


def test_no_form_sends_what_servers_ignore_in_silence() -> None:
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "temperature": 0,
        "max_tokens": 9,
    }
    for rung in range(RUNGS + 1):
        found = shaped(request, {"type": "object"}, rung)
        assert set(found) <= {"model", "messages", "temperature", "max_tokens", "logprobs", "response_format"}
        assert found["max_tokens"] == 9
    assert request["messages"] == [{"role": "user", "content": "x"}]


# whole answers


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"choices": [{"finish_reason": "length", "message": {"content": "half"}}]}, Problem.CUT),
        ({"choices": [{"finish_reason": "length", "message": {"content": "<tool_call>{"}}]}, Problem.CUT),
        ({"choices": [{"finish_reason": "stop", "message": {"content": " <tool_call>{"}}]}, Problem.SHAPE),
        (
            {"choices": [{"finish_reason": "stop", "message": {"content": "a", "tool_calls": [{}]}}]},
            Problem.SHAPE,
        ),
        ({"choices": [{"finish_reason": "tool_calls", "message": {"content": "raw"}}]}, Problem.SHAPE),
        ({"choices": [{"finish_reason": "abort", "message": {"content": "a"}}]}, Problem.DOWN),
        ({"choices": [{"finish_reason": "repetition", "message": {"content": "a"}}]}, Problem.SHAPE),
        (
            {"choices": [{"finish_reason": "stop", "message": {"content": None, "refusal": "no"}}]},
            Problem.REFUSED,
        ),
        ({"choices": [{"finish_reason": None, "message": {"content": "a"}}]}, Problem.SHAPE),
        ({"choices": []}, Problem.SHAPE),
        ({"error": "Unauthorized"}, Problem.DOWN),
        ({"error": {"code": 500}}, Problem.DOWN),
        ({"detail": "Not Found"}, Problem.SHAPE),
        ([], Problem.SHAPE),
        ("text", Problem.SHAPE),
    ],
)
def test_what_is_no_whole_answer_is_none(answer: Any, problem: Problem) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        whole(answer, "vllm")

    assert caught.value.problem is problem


def test_usage_is_believed_as_far_as_it_can_be_so() -> None:
    told = {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 99}}
    assert usage_of(told) == Usage(10, 2, 10)
    assert usage_of({"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": None}) == Usage(
        10, 2
    )
    for odd in (None, 7, {}, {"prompt_tokens": -1, "completion_tokens": 2},
                {"prompt_tokens": "1", "completion_tokens": 2},
                {"prompt_tokens": 10**30, "completion_tokens": 2}):  # fmt: skip
        assert usage_of(odd) is None


# prices


def test_a_price_is_dollars_for_a_million_and_a_cost_is_rounded_up() -> None:
    prices = parsed("gpt-4o-mini=0.15/0.60/0.075, other = 2/8")
    assert prices["gpt-4o-mini"].of(Usage(1_000_000, 1_000_000)) == 750_000
    assert prices["gpt-4o-mini"].of(Usage(1_000_000, 0, 1_000_000)) == 75_000
    assert prices["gpt-4o-mini"].of(Usage(1, 0)) == 1
    assert prices["other"].of(Usage(3, 2, 3)) == 22


def test_what_nobody_told_is_unknown_and_our_own_cost_nothing() -> None:
    prices = parsed("phi3=1/1")
    assert price_of("openai:gpt-9", prices) is None
    assert price_of("vllm:ours", prices) is FREE
    assert price_of("edge:phi3", prices) == Price(Decimal(1), Decimal(1), Decimal(1))


@pytest.mark.parametrize(
    "text", ["x", "x=1", "x=1/2/3/4", "=1/2", "x=-1/2", "x=a/b", "x=1/nan", "x=1/inf", "x=1e9/1"]
)
def test_a_price_that_is_none_is_a_clear_error(text: str) -> None:
    with pytest.raises(NotConfigured, match="MODEL_PRICES"):
        parsed(text)


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_tokens_never_cost_less(prompt: int, completion: int, more: int) -> None:
    price = parsed("x=0.15/0.6/0.075")["x"]
    assert price.of(Usage(prompt + more, completion)) >= price.of(Usage(prompt, completion))


def test_the_breakers_of_one_server_are_one() -> None:
    one = breaking.breaker_of("vllm", "http://a/v1", "m")
    assert one is breaking.breaker_of("vllm", "http://a/v1", "m")
    assert one is not breaking.breaker_of("vllm", "http://b/v1", "m")
    assert "http" not in one.name
