"""What may be shown of a line that a library logged.

A library formats whatever it holds: bodies, SQL parameters, headers. So only text that stands in
its source is believed: a template with arguments, or a literal. Arguments are shown when they
are numbers or single words; everything else is named by its type.
"""

from __future__ import annotations

import logging
import re
import sys
from types import FrameType
from typing import Any

from bot.log_redact import redact

_WORD = re.compile(r"[\w.:/@<>\[\]+-]{1,120}", re.ASCII)
_SLOT = re.compile(r"%(?:\((?P<name>[^)]{1,60})\))?[#0 +-]{0,5}\d{0,4}(?:\.\d{1,4})?[a-zA-Z%]")
_MOST_TEMPLATE = 300


def sentence(record: logging.LogRecord, args: Any = None) -> str:
    """The part of a library's message that cannot hold anything private; `args` are the record's."""
    message = record.msg
    if not isinstance(message, str):
        return f"({record.name}: {type(message).__name__})"
    if args:
        return redact(_fill(message[:_MOST_TEMPLATE], args))
    if _is_literal(message, record):
        return redact(message[:_MOST_TEMPLATE])
    return f"({len(message)} characters withheld, {record.module}:{record.lineno})"


def _fill(template: str, args: Any) -> str:
    """Fills the slots of %-formatting; a slot that does not fit stays as it is."""
    values = iter(args if isinstance(args, tuple) else ())

    def slot(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        if match["name"] is not None:
            return _shown(args.get(match["name"])) if isinstance(args, dict) else match[0]
        return _shown(next(values, None))

    return _SLOT.sub(slot, template)


def _shown(value: Any) -> str:
    match value:
        case None | bool() | int() | float():
            return str(value)
        case str() if _WORD.fullmatch(value):
            return value
        case str():
            return f"<{len(value)} characters>"
        case type():
            return value.__name__
        case _:
            return f"<{type(value).__name__}>"


def _is_literal(message: str, record: logging.LogRecord) -> bool:
    """Whether the message stands as it is in the code that logged it."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        code = frame.f_code
        if code.co_filename == record.pathname and code.co_name == record.funcName:
            return message in code.co_consts or _is_module_constant(message, frame)
        frame = frame.f_back
    return False


def _is_module_constant(message: str, frame: FrameType) -> bool:
    return any(
        value == message
        for name in frame.f_code.co_names
        if isinstance(value := frame.f_globals.get(name), str) and name.isupper()
    )
