"""Nothing private reaches the log, whoever writes the line and however it goes wrong."""

from __future__ import annotations

import io
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from bot import log as log_module
from bot.errors import PlatformError
from bot.log import describe, set_up, where
from bot.log_foreign import sentence
from bot.log_redact import MOST, redact

# Put together at run time, so that no scanner takes this file for a leak.
_A = "Zq8" * 12
SHAPED = {
    "Slack bot token": "xoxb" + "-1234567890-" + _A,
    "Slack user token": "xoxp" + "-1234567890-" + _A,
    "Slack rotated token": "xoxe" + ".xoxb-1-" + _A,
    "Slack refresh token": "xoxe" + "-1-" + _A,
    "Slack app token": "xapp" + "-1-A1-" + _A,
    "Slack webhook": "https://hooks.slack" + ".com/services/T000/B000/" + _A,
    "response_url": "https://hooks.slack" + ".com/actions/T000/1/" + _A,
    "Stripe secret key": "sk" + "_live_" + _A,
    "Stripe test key": "sk" + "_test_" + _A,
    "Stripe restricted key": "rk" + "_live_" + _A,
    "Stripe webhook secret": "whsec" + "_" + _A,
    "JWT": "ey" + "JhbGciOi" + _A + ".ey" + "Jpc3Mi" + _A + "." + _A,
    "OpenAI key": "sk" + "-" + _A,
    "OpenAI project key": "sk" + "-proj-" + _A,
    "GitHub token": "ghp" + "_" + _A,
    "GitHub app token": "ghs" + "_" + _A,
    "GitHub fine-grained": "github" + "_pat_" + _A,
    "Notion token": "ntn" + "_" + _A,
    "Notion old token": "secret" + "_" + _A,
    "AWS key id": "AKIA" + "IOSFODNN7EXAMPLE",
    "Atlassian token": "ATATT3" + "xFf" + _A,
    "Google key": "AIza" + "Sy" + _A,
    "Bearer": "Authorization: Bearer " + _A,
    "Basic": "Basic " + "dXNlcjpwYXNzd29yZA==",
    "card": "4242 4242 4242 4242",
    "card with dashes": "5555-5555-5555-4444",
    "card in one": "378282246310005",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "IBAN in one": "GB82WEST12345698765432",
    "e-mail": "ada.lovelace+x@planted.example",
    "Postgres DSN": "postgresql://bot:hunter2secret@db.internal:5432/bot",
    "Redis DSN": "redis://:hunter2secret@cache:6379/0",
    "AMQP DSN": "amqp://guest:hunter2secret@mq//",
    "password assignment": "password=hunter2secret",
    "JSON secret": '{"client_secret": "hunter2secret", "a": 1}',
    "query token": "https://a.example/x?access_token=hunter2secret&b=1",
    "form code": "grant_type=authorization_code&code=hunter2secret",
    "cookie": "Set-Cookie: hunter2secret",
    "private key": "-----BEGIN " + "PRIVATE KEY-----\n" + _A + "\n-----END PRIVATE KEY-----",
    "api key": "api_key: 'hunter2secret'",
}
# What must not be found of each, whatever is left of the rest.
CORES = [
    _A,
    "hunter2secret",
    "IOSFODNN7",
    "4242 4242",
    "5555-5555",
    "378282246",
    "0532 0130",
    "WEST1234",
    "lovelace",
]
CORES += ["dXNlcjpw"]
BODY = "PLANTED body: please order two colas for Ada, {{ 7*7 }}"


@dataclass
class Log:
    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(params=[False, True], ids=["json", "console"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    yield from _logging(console=request.param)


@pytest.fixture
def json_log() -> Iterator[Log]:
    yield from _logging(console=False)


def _logging(*, console: bool) -> Iterator[Log]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    set_up("DEBUG", console=console, stream=stream)
    yield Log(stream)
    root.handlers[:], level, logging.raiseExceptions = before[0], before[1], before[2]
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def leaks(text: str) -> list[str]:
    return [core for core in [*CORES, "PLANTED"] if core in text]


@pytest.mark.parametrize("name", SHAPED)
def test_a_secret_is_known_by_its_shape(name: str) -> None:
    value = SHAPED[name]
    for text in (value, f"before {value} after", f"('{value}',)", f"x={value}\ny", json.dumps({"a": value})):
        assert leaks(redact(text)) == [], redact(text)


def test_what_is_no_secret_stays() -> None:
    harmless = [
        "approval.decided",
        "1700000000.123456",
        "C0123ABCDEF U0123ABCDEF",
        "run:7b0c1f52-6f5e-4a1e-9a55-0d4c2b1f7a11:charge:0",
        "1700000000000",
        "https://slack.com/api/chat.postMessage",
        "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "Event code 12 of order 4111",
    ]
    for text in harmless[:-1]:
        assert redact(text) == text


def test_a_long_value_is_shortened_and_a_secret_at_the_cut_does_not_survive() -> None:
    for size in range(4 * MOST - 60, 4 * MOST + 5):
        text = "x " * (size // 2) + SHAPED["Slack bot token"]
        assert leaks(redact(text)) == []
        assert len(redact(text)) < MOST + 50
    assert leaks(redact("x" * (MOST - 5) + SHAPED["Slack bot token"])) == []


Writer = Callable[[str], None]


def _event(value: str) -> None:
    structlog.get_logger().info("some.event", note=value, nested={"deep": [value, {"x": value}]})


def _event_name(value: str) -> None:
    structlog.get_logger().warning(value)


def _bound(value: str) -> None:
    structlog.get_logger().bind(place=value).error("some.event", pair=(value, 1), raw=value.encode())


def _context(value: str) -> None:
    with structlog.contextvars.bound_contextvars(trace=value):
        structlog.get_logger().info("some.event")


def _by_key(value: str) -> None:
    names = (
        "token",
        "secret",
        "password",
        "authorization",
        "body",
        "text",
        "payload",
        "headers",
        "bot_token",
        "DSN",
    )
    structlog.get_logger().info(
        "some.event", **dict.fromkeys(names, value), fields=dict.fromkeys(names, value)
    )


def _raised(value: str) -> None:
    held = value
    try:
        try:
            raise ValueError(f"bad row: {held}")
        except ValueError as cause:
            raise RuntimeError(f"could not: {value}") from cause
    except RuntimeError:
        structlog.get_logger().exception("some.failed", problem=value)


def _raised_value(value: str) -> None:
    structlog.get_logger().error("some.failed", problem=ConnectionError(value), kind=type(value))


def _ours(value: str) -> None:
    try:
        raise PlatformError("slack", f"refused {value}")
    except PlatformError:
        structlog.get_logger().exception("some.failed")


def _an_object(value: str) -> None:
    @dataclass
    class Said:
        text: str

    structlog.get_logger().info("some.event", turn=Said(value), odd={1: Said(value)}, many=[Said(value)])


def _foreign_args(value: str) -> None:
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s[%(id)s] raised unexpected: %(exc)s",
        {"name": "workers.calls.run", "id": "1-2", "exc": f"ValueError({value!r})", "kwargs": {"key": value}},
    )
    logging.getLogger("asyncpg").warning("row %r of %s", {"a": value}, value)
    logging.getLogger("x").info("%s", value)


def _foreign_formatted(value: str) -> None:
    logging.getLogger("botbuilder").error(f"Request failed: {value}")
    logging.getLogger("slack_sdk.web").warning("body: " + value)
    logging.getLogger("x").warning({"a": value})
    logging.getLogger("x").warning(value)


def _foreign_exception(value: str) -> None:
    try:
        raise OSError(5, value, value)
    except OSError:
        logging.getLogger("aiohttp.server").exception("Error handling request from %s", "127.0.0.1")
        logging.getLogger("x").error("plain", exc_info=True, stack_info=True)


def _foreign_broken(value: str) -> None:
    logging.getLogger("x").error("two %s %s slots", value)
    logging.getLogger("x").error("no slots", value)


def _foreign_extra(value: str) -> None:
    logging.getLogger("x").error("with extra", extra={"request": value, "planted": value})


def _warned(value: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"deprecated {value}", stacklevel=1)


PATHS = [
    _event, _event_name, _bound, _context, _by_key, _raised, _raised_value, _ours, _an_object,
    _foreign_args, _foreign_formatted, _foreign_exception, _foreign_broken, _foreign_extra, _warned,
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_planted_value_comes_through_any_path(path: Writer, log: Log) -> None:
    for value in SHAPED.values():
        path(value)
    assert log.text
    assert leaks(log.text) == []


# A body that we ourselves pass under another name is on us. Everything else is dropped.
BODY_PATHS = [path for path in PATHS if path not in (_event, _event_name, _bound, _context, _ours)]


@pytest.mark.parametrize("path", [path for path in BODY_PATHS if path is not _raised])
def test_no_body_comes_through_an_exception_a_library_or_a_field_of_that_name(path: Writer, log: Log) -> None:
    path(BODY)
    assert log.text
    assert leaks(log.text) == []


@pytest.mark.twin
def test_twin_without_the_processors_the_values_are_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("take_foreign", "name_exception", "clean"):
        monkeypatch.setattr(log_module, name, lambda _logger, _name, event: event)
    monkeypatch.setattr(structlog.processors, "JSONRenderer", lambda: lambda *given: repr(given[2]))
    for found in _logging(console=False):
        _event(BODY)
        _raised_value(SHAPED["Slack bot token"])
        _foreign_formatted(SHAPED["Stripe secret key"])
        assert set(leaks(found.text)) >= {"PLANTED", _A}


def test_our_line_keeps_its_name_and_its_fields(json_log: Log) -> None:
    structlog.get_logger().info("approval.decided", run="r1", by="p1", count=3, ok=True, took=0.5, none=None)
    (line,) = json_log.lines
    assert line["event"] == "approval.decided"
    assert (line["run"], line["by"], line["count"], line["ok"], line["took"]) == ("r1", "p1", 3, True, 0.5)
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_an_exception_is_named_with_its_chain_and_its_place(json_log: Log) -> None:
    _raised("x")
    (line,) = json_log.lines
    assert line["error"] == "RuntimeError from ValueError"
    assert "test_log.py:" in line["at"]
    assert "Traceback" not in json_log.text


def test_a_message_of_our_own_errors_is_kept(json_log: Log) -> None:
    _ours("the channel is archived")
    assert json_log.lines[0]["error"] == "PlatformError: slack refused the channel is archived"


def test_a_librarys_literal_and_template_stay_readable(json_log: Log) -> None:
    logging.getLogger("celery.worker").info("mingle: searching for neighbors")
    logging.getLogger("celery.worker").info(
        "Task %s[%s] succeeded in %.3fs: %r", "workers.run", "1-2", 0.25, {"a": 1}
    )
    logging.getLogger("celery.worker").info(f"ready {1 + 1}")
    first, second, third = json_log.lines
    assert first["event"] == "mingle: searching for neighbors"
    assert first["logger"] == "celery.worker"
    assert second["event"] == "Task workers.run[1-2] succeeded in 0.25s: <dict>"
    assert third["event"].startswith("(7 characters withheld, test_log:")


def test_levels_are_kept() -> None:
    for found in _logging(console=False):
        set_up("WARNING", console=False, stream=found.stream)
        structlog.get_logger().info("not.this")
        logging.getLogger("x").info("nor this")
        structlog.get_logger().warning("but.this")
        assert [line["event"] for line in found.lines] == ["but.this"]


def test_an_unknown_object_is_named_by_its_type_only(json_log: Log) -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    structlog.get_logger().info("some.event", odd=Odd(), cls=Odd, many={Odd()}, deep=[[[[[["x"]]]]]])
    assert json_log.lines[0]["odd"] == "<Odd>"


def test_a_cycle_and_a_huge_value_do_not_stop_the_log(json_log: Log) -> None:
    ring: dict[str, Any] = {}
    ring["ring"] = ring
    structlog.get_logger().info("some.event", ring=ring, big="x" * 10_000_000, many=list(range(100_000)))
    assert len(json_log.text) < 5_000


def test_where_and_describe_need_no_log() -> None:
    with pytest.raises(KeyError) as caught:
        raise KeyError("private")
    assert describe(caught.value) == "KeyError"
    assert where(caught.value).startswith("test_log.py:")
    assert where(ValueError()) == ""


def test_a_record_without_a_frame_is_withheld() -> None:
    record = logging.LogRecord("far.away", logging.ERROR, "/nowhere/far.py", 1, "said elsewhere", None, None)
    assert sentence(record) == "(14 characters withheld, far:1)"


NASTY = ["a", "a@", "1 ", "eyJ", "://", "token=", "A1", "-----BEGIN A", 'key="', "a.b@c.", "\\"]


@pytest.mark.parametrize("nasty", [(piece * 4000)[: 4 * MOST] for piece in NASTY])
def test_no_text_makes_redaction_slow(nasty: str) -> None:
    began = time.process_time()
    redact(nasty)
    assert time.process_time() - began < 0.1


def test_a_thousand_lines_a_second_are_redacted() -> None:
    message = "Order of two colas for U0123, charge pi_3MtwBw at https://api.example/v1?x=1 " * 3
    began = time.process_time()
    for _ in range(1000):
        redact(message)
        redact(SHAPED["Slack bot token"] + message)
    assert time.process_time() - began < 1.0


def test_what_begins_like_an_iban_of_no_country_is_left_as_it_is() -> None:
    """Every few hundredth tenant's id does, and a log line must never fail."""
    for text in ("ed04dd91-966f-4c2f-bd1f-a030c829750c", "zz99 1234 5678 9012 3456", "AA00BB11CC22DD33EE44"):
        assert redact(text) == text
