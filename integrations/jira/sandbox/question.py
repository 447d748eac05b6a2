"""JQL, as much of it as people use: a question becomes a test of one ticket, and an order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.jira.sandbox.faults import Refusal
from integrations.jira.sandbox.things import PRIORITIES, STATUSES
from integrations.jira.words import plain

Data = dict[str, Any]
Test = Callable[[Data], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<operator>!=|>=|<=|!~|[=~<>(),])"""
    r"""|(?P<word>[^\s"'=!~<>(),]+))"""
)
_AGO = re.compile(r"-(\d{1,6})([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PLAIN = {
    "project": "project", "issuetype": "type", "type": "type", "status": "status", "priority": "priority",
    "assignee": "assignee", "reporter": "reporter", "creator": "creator", "labels": "labels",
    "key": "key", "issuekey": "key", "issue": "key", "resolution": "resolution",
}  # fmt: skip
_TIMES = ("created", "updated")
_WORDS = {"text": ("summary", "description"), "summary": ("summary",), "description": ("description",)}
_ORDERS: dict[str, Callable[[Data], Any]] = {
    "created": lambda each: (each["created"], int(each["id"])),
    "updated": lambda each: (each["updated"], int(each["id"])),
    "key": lambda each: (each["project"], int(each["key"].rpartition("-")[2])),
    "priority": lambda each: -PRIORITIES.index(each["priority"]),
    "status": lambda each: list(STATUSES).index(each["status"]),
}


@dataclass(frozen=True, slots=True)
class Question:
    test: Test
    bounded: bool
    order: tuple[tuple[str, bool], ...]

    def answer(self, issues: list[Data]) -> list[Data]:
        found = [each for each in issues if self.test(each)]
        for name, falling in reversed(self.order):
            found.sort(key=_ORDERS[name], reverse=falling)
        return found


def read(jql: str, me: str, now: float) -> Question:
    """Raises `Refusal` (400) for what it cannot read, as Jira does."""
    reader = _Reader(_tokens(jql), me, now)
    test = None if reader.peek() in ("", "order") else reader.either()
    order: list[tuple[str, bool]] = []
    if reader.peek() == "order":
        reader.take()
        reader.expect("by")
        order.append(reader.ordered())
        while reader.peek() == ",":
            reader.take()
            order.append(reader.ordered())
    if reader.peek():
        raise Refusal("Error in the JQL Query: expecting the end of the query.")
    return Question(test or (lambda _: True), test is not None, tuple(order) or (("created", True),))


def _tokens(jql: str) -> list[tuple[str, str]]:
    found, at = list[tuple[str, str]](), 0
    while jql[at:].strip():
        token = _TOKEN.match(jql, at)
        if token is None:
            raise Refusal("Error in the JQL Query: a quoted string has not been completed.")
        kind = str(token.lastgroup)
        text = token[kind]
        found.append((kind, re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "string" else text))
        at = token.end()
    return found


class _Reader:
    """Recursive descent: either → both → one."""

    def __init__(self, tokens: list[tuple[str, str]], me: str, now: float) -> None:
        self._tokens, self._me, self._now, self._depth = tokens, me, now, 0

    def peek(self) -> str:
        return (
            self._tokens[0][1].lower()
            if self._tokens and self._tokens[0][0] != "string"
            else ('"' if self._tokens else "")
        )

    def take(self) -> str:
        if not self._tokens:
            raise Refusal("Error in the JQL Query: it ends too early.")
        return self._tokens.pop(0)[1]

    def expect(self, word: str) -> None:
        if self.peek() != word:
            raise Refusal(f"Error in the JQL Query: expecting '{word}'.")
        self.take()

    def either(self) -> Test:
        tests = [self._both()]
        while self.peek() == "or":
            self.take()
            tests.append(self._both())
        return lambda issue: any(test(issue) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self.peek() == "and":
            self.take()
            tests.append(self._one())
        return lambda issue: all(test(issue) for test in tests)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > 200:
            raise Refusal("The JQL query is too complex.")
        if self.peek() == "not":
            self.take()
            test = self._one()
            return lambda issue: not test(issue)
        if self.peek() == "(":
            self.take()
            test = self.either()
            self.expect(")")
            return test
        return self._clause()

    def _clause(self) -> Test:
        field, operator = self.take().lower(), self.take().lower()
        if operator == "is":
            return self._is(field)
        if operator == "not":
            self.expect("in")
            inside = self._in(field, self._list())
            return lambda issue: not inside(issue)
        if operator == "in":
            return self._in(field, self._list())
        value = self._value()
        if operator in ("~", "!~"):
            return _contains(field, value, operator == "~")
        if field in _TIMES:
            return self._time(field, operator, value)
        if operator not in ("=", "!="):
            raise Refusal(f"The operator '{operator[:20]}' is not supported here.")
        same = self._in(field, [value])
        return same if operator == "=" else lambda issue: not same(issue)

    def _is(self, field: str) -> Test:
        no = self.peek() == "not"
        if no:
            self.take()
        if self.take().lower() not in ("empty", "null"):
            raise Refusal("Error in the JQL Query: expecting EMPTY or NULL.")
        name = _known(field)
        return lambda issue: bool(issue[name]) is no

    def _list(self) -> list[str]:
        self.expect("(")
        values = [self._value()]
        while self.peek() == ",":
            self.take()
            values.append(self._value())
        self.expect(")")
        return values

    def _value(self) -> str:
        quoted = self.peek() == '"'
        value = self.take()
        if not quoted and self.peek() == "(":
            self.take()
            self.expect(")")
            if value.lower() != "currentuser":
                raise Refusal("Unable to find this JQL function.")
            return self._me
        return value

    def _in(self, field: str, values: list[str]) -> Test:
        wanted = {value.casefold() for value in values}
        if field == "statuscategory":
            names = {"to do": "new", "in progress": "indeterminate", "done": "done"}
            keys = {names.get(each, each) for each in wanted}
            return lambda issue: STATUSES[issue["status"]] in keys
        name = _known(field)
        if name == "labels":
            return lambda issue: bool(wanted & {label.casefold() for label in issue["labels"]})
        return lambda issue: str(issue[name] or "").casefold() in wanted

    def _time(self, field: str, operator: str, value: str) -> Test:
        at = self._moment(value)
        match operator:
            case ">=" | ">":
                return lambda issue: bool(issue[field] >= at)
            case "<=" | "<":
                return lambda issue: bool(issue[field] <= at)
        raise Refusal(f"The operator '{operator[:20]}' is not supported by this field.")

    def _moment(self, value: str) -> float:
        ago = _AGO.fullmatch(value)
        if ago is not None:
            return self._now - int(ago[1]) * _SECONDS[ago[2]]
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise Refusal("Date value is invalid.") from None

    def ordered(self) -> tuple[str, bool]:
        name = self.take().lower()
        if name not in _ORDERS:
            raise Refusal(f"Field '{name[:40]}' does not exist or cannot be sorted by.")
        falling = self.peek() == "desc"
        if self.peek() in ("asc", "desc"):
            self.take()
        return name, falling


def _known(field: str) -> str:
    if field not in _PLAIN:
        raise Refusal(f"Field '{field[:40]}' does not exist or you do not have permission to view it.")
    return _PLAIN[field]


def _contains(field: str, value: str, yes: bool) -> Test:
    if field not in _WORDS:
        raise Refusal(f"The operator '~' is not supported by the '{field[:40]}' field.")
    if re.search(r'(?<!\\)[*?~"!(){}\[\]^:+-]', value.rstrip("*")):
        raise Refusal("The text query is invalid: a special character has to be escaped.")
    words = [word.casefold() for word in re.findall(r"\w+", re.sub(r"\\(.)", r"\1", value))]

    def test(issue: Data) -> bool:
        have = " ".join(plain(issue[name]) for name in _WORDS[field]).casefold()
        return all(word in have for word in words) is yes

    return test
