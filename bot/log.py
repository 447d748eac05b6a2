"""One log: dotted event names with fields, JSON or console, and nothing in it that is private.

Our own lines are `log.info("approval.decided", run=run.id)`. Lines of libraries come through the
same processors, but are believed less: only the constant part of their message is shown, since
the rest may be a body, a token or a row.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import structlog

from bot.log_foreign import sentence
from bot.log_redact import is_sensitive, redact

OURS = ("bot", "flows", "integrations", "workers", "migrations")
_DEPTH = 4
_MOST_ITEMS = 50
_QUIET = (
    "aiohttp.access",
    "asyncio",
    "urllib3",
    "httpx",
    "httpcore",
    "slack_sdk",
    "slack_bolt",
    "stripe",
    "openai",
)

Event = MutableMapping[str, Any]


def set_up(level: str = "INFO", *, console: bool | None = None, stream: TextIO | None = None) -> None:
    """Routes structlog and the standard library's logging through one redacting formatter.

    `console` None: coloured lines on a terminal, JSON everywhere else.
    """
    out = stream or sys.stderr
    pretty = out.isatty() if console is None else console
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                take_foreign,
                name_exception,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                clean,
                structlog.dev.ConsoleRenderer(
                    colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
                )
                if pretty
                else structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=shared,
            keep_exc_info=False,
            keep_stack_info=False,
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_number(level))
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(_number(level), logging.WARNING))
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a line that cannot be written must not be printed raw instead


def take_foreign(_logger: Any, _name: str, event: Event) -> Event:
    """A library's line: its logger's name, and of the message what cannot be private."""
    record: logging.LogRecord | None = event.get("_record")
    if record is None or event.get("_from_structlog"):
        return event
    event["event"] = sentence(record, event.pop("positional_args", None))
    event["logger"] = record.name
    return event


def name_exception(_logger: Any, _name: str, event: Event) -> Event:
    """An exception becomes the names of its chain, where it happened, and our own sentence if it is ours."""
    given = event.pop("exc_info", None)
    event.pop("exception", None)
    event.pop("stack_info", None)
    event.pop("stack", None)
    problem = _exception(given)
    if problem is not None:
        event["error"] = describe(problem)
        event["at"] = where(problem)
    return event


def clean(_logger: Any, _name: str, event: Event) -> Event:
    """The one redaction: fields that are private by name are dropped, the rest is searched."""
    return {
        key: _value(value, 0)
        for key, value in event.items()
        if key in ("event", "level", "timestamp", "logger") or not is_sensitive(key)
    }


def describe(problem: BaseException) -> str:
    """ "TimeoutError from ConnectionResetError"; the message too where we wrote it ourselves."""
    names: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = problem
    while current is not None and id(current) not in seen and len(names) < 5:
        seen.add(id(current))
        kind = type(current)
        ours = kind.__module__.partition(".")[0] in OURS
        names.append(f"{kind.__name__}: {redact(str(current))[:300]}" if ours else kind.__name__)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return " from ".join(names)


def where(problem: BaseException) -> str:
    """The last few places of the traceback, as file and line; never the code or its variables."""
    frames = traceback.extract_tb(problem.__traceback__)[-3:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


def _exception(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple) and len(given) == 3:
        return given[1] if isinstance(given[1], BaseException) else None
    return sys.exc_info()[1] if given else None


def _value(value: Any, depth: int) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redact(value)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case date() | datetime() | UUID() | Path():
            return str(value)
        case BaseException():
            return describe(value)
        case Mapping() if depth < _DEPTH:
            return {
                str(key): _value(inner, depth + 1)
                for key, inner in list(value.items())[:_MOST_ITEMS]
                if not is_sensitive(str(key))
            }
        case list() | tuple() | set() | frozenset() if depth < _DEPTH:
            return [_value(inner, depth + 1) for inner in list(value)[:_MOST_ITEMS]]
        case _:
            return f"<{type(value).__name__}>"


def _number(level: str) -> int:
    return logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
