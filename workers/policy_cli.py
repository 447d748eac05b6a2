"""`countersign policy …`: what each command prints, and its exit status."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.errors import FlowError
from flows.policy import About, Policy
from flows.policy_explain import explain as explained
from flows.policy_explain import in_lines, to_json
from flows.policy_facts import Facts, Past
from flows.policy_file import parse_policy, stored_policy
from flows.policy_lint import in_file, lint
from flows.yaml_source import Source, read
from integrations import tools
from workers import authors, ops, past, policy_diff
from workers.flows_cli import as_yaml
from workers.push import keep_policy, policy_of
from workers.store import definitions, spending, tenants
from workers.store.door import Connection, Database
from workers.tools import cards

LARGEST = 64 * 1024  # of the arguments given to `explain`
Work = Callable[[Connection, UUID], Awaitable[int]]


def check(settings: Settings, path: Path | None = None) -> int:
    """Every mistake and note, with file and line. 1 where there is a mistake."""
    found = _read(settings, path)
    if found is None:
        return 1
    return 1 if lint_told(settings, *found) else 0


def push(
    settings: Settings,
    path: Path | None = None,
    tenant: str = "",
    last: int = policy_diff.LAST,
    *,
    yes: bool = True,
    ask: Callable[[str], bool] | None = None,
    by: str = "",
) -> int:
    """Says what would change first. Where something would, somebody has to have said `yes`. `by` wrote it."""
    found = _read(settings, path)
    if found is None or lint_told(settings, *found):
        say("Nothing was pushed.")
        return 1
    source, policy = found

    async def work(c: Connection, whose: UUID) -> int:
        changes = await policy_diff.diff(c, whose, policy, last)
        say(*policy_diff.report(changes))
        if changes.active == policy.version and not policy.shadow:
            await spending.keep_shadow(c, whose, None)
            return 0
        touches = not policy.shadow and (changes.changed or changes.pending)
        if touches and not yes and not (ask and ask("Make it live?")):
            say("Nothing was pushed. With --yes it is pushed all the same.")
            return 1
        await keep_policy(c, whose, source.value)
        if not policy.shadow:
            await spending.keep_shadow(c, whose, None)
        what = (
            "is tried out: it decides nothing, and what it would decide is noted"
            if policy.shadow
            else "is live"
        )
        say(f"{policy.version} {what}.")
        if not policy.shadow:
            say(*filter(None, [await authors.note(c, whose, by, [("policy", "", policy.version)])]))
        return 0

    return with_tenant(settings, tenant, work)


def list_all(settings: Settings, tenant: str = "") -> int:
    async def work(c: Connection, whose: UUID) -> int:
        active, shadow = await tenants.policy_version(c, whose), await spending.shadow(c, whose)
        there = await definitions.policy_versions(c, whose)
        if not there:
            say("No policy is stored yet: countersign policy push")
        for version, since in there:
            mark = "  active" if version == active else "  shadow" if version == shadow else ""
            say(f"{version}  {since:%Y-%m-%d %H:%M} UTC{mark}")
        return 0

    return with_tenant(settings, tenant, work)


def show(settings: Settings, version: str = "", tenant: str = "") -> int:
    async def work(c: Connection, whose: UUID) -> int:
        document = await _document(c, whose, version)
        say(as_yaml(document).rstrip())
        return 0

    return with_tenant(settings, tenant, work)


def explain(
    settings: Settings,
    tool: str,
    given: Sequence[str] = (),
    email: str = "",
    confidence: float | None = None,
    at: str = "",
    *,
    path: Path | None = None,
    stored: bool = False,
    tenant: str = "",
    first_time: bool = False,
    used: str = "",
    as_json: bool = False,
) -> int:
    """Of the file, or of what is `stored`. `used`: what was used up before of each limit, "150.00 usd"."""
    if confidence is not None and not 0 <= confidence <= 1:
        raise ConfigurationError("--confidence is a number from 0 to 1.")
    if tool not in tools():
        raise ConfigurationError(f"There is no tool {tool}: `countersign tools list` shows them.")
    arguments, moment = arguments_of(given), moment_of(at)
    if stored:
        documents: list[dict[str, Any]] = []

        async def work(c: Connection, whose: UUID) -> int:
            documents.append(await _document(c, whose, ""))
            return 0

        with_tenant(settings, tenant, work)
        policy = stored_policy(documents[0])
    else:
        found = _read(settings, path)
        if found is None:
            return 1
        policy = found[1]
    policy = replace(policy, money_tools=settings.money_tools)
    about = About(email, "k", facts_of(policy, moment, first_time=first_time, used=used))
    told = explained(policy, cards()[tool], arguments, confidence, about)
    if as_json:
        say(orjson.dumps(to_json(told, policy.version), option=orjson.OPT_INDENT_2).decode())
    else:
        say(*in_lines(told))
    return 0


def arguments_of(given: Sequence[str]) -> dict[str, Any]:
    """`key=value`; a value that reads as JSON is that, anything else is text."""
    found: dict[str, Any] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not key or not equals:
            raise ConfigurationError(f"--with is key=value, not {each[:60]!r}.")
        if len(value) > LARGEST:
            raise ConfigurationError(f"{key[:60]} is larger than {LARGEST // 1024} KiB.")
        try:
            found[key] = orjson.loads(value)
        except orjson.JSONDecodeError:
            found[key] = value
    return found


def moment_of(at: str) -> float:
    """In UTC where no offset is named; now, where nothing is."""
    try:
        moment = datetime.fromisoformat(at) if at else datetime.now(UTC)
    except ValueError:
        raise ConfigurationError("--at is a time such as 2026-11-22T23:00.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def facts_of(policy: Policy, at: float, *, first_time: bool, used: str) -> Facts:
    """The same past for every rule: what somebody wants to try."""
    amount, calls = _used(used)
    limits = {rule.scope: (amount, calls) for rule in policy.rules if rule.limit}
    clocks = {zone: past.clock(at, zone) for zone in policy.zones}
    return Facts(clocks, {"k": Past(first_time, first_time, limits)})


def _used(text: str) -> tuple[int, int]:
    """ "150.00 usd" or "9 calls": minor units, and calls."""
    from integrations import money

    if not text:
        return 0, 0
    number, _, what = text.strip().partition(" ")
    if what.strip() in ("call", "calls") and number.isdecimal() and len(number) < 8:
        return 0, int(number)
    try:
        return money.parse(text)[0], 0
    except money.NotMoney:
        raise ConfigurationError(
            '--used is an amount ("150.00 usd") or a number of calls ("9 calls").'
        ) from None


def _read(settings: Settings, path: Path | None) -> tuple[Source, Policy] | None:
    """None where it cannot be read: then every mistake is said."""
    file = path or policy_of(settings)
    if not file.is_file():
        raise ConfigurationError(f"{file} is not there.")
    try:
        source = read(str(file), file.read_bytes())
        return source, parse_policy(source)
    except FlowError as error:
        say(str(error))
        return None


def lint_told(settings: Settings, source: Source, policy: Policy) -> bool:
    """Whether there is a mistake."""
    found = in_file(source, lint(policy, asked_elsewhere=bool(settings.approvals_channel)))
    for kind, mistake in found:
        say(f"{mistake}" if kind == "mistake" else f"note: {mistake}")
    mistakes = sum(kind == "mistake" for kind, _ in found)
    say(f"{mistakes or 'no'} mistake{'' if mistakes == 1 else 's'} in {len(policy.rules)} rules.")
    return bool(mistakes)


async def _document(c: Connection, tenant: UUID, wanted: str) -> dict[str, Any]:
    there = [version for version, _ in await definitions.policy_versions(c, tenant)]
    version = wanted or await tenants.policy_version(c, tenant) or ""
    found = [each for each in there if each.startswith(version)] if version else []
    if len(found) != 1:
        known = ", ".join(there) or "none: countersign policy push"
        raise ConfigurationError(f"Name one stored version of the policy: {known}.")
    document = await definitions.policy_document(c, tenant, found[0])
    assert document is not None
    return document


def with_tenant(settings: Settings, tenant: str, work: Work) -> int:
    async def run(db: Database) -> int:
        whose = await ops.whose(db, tenant)
        async with db.tenant(whose) as c:
            return await work(c, whose)

    return ops.with_database(settings, run)


def say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
