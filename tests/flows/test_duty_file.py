"""groups, rotas and escalation of a policy: what is read, and every mistake by name."""

from __future__ import annotations

import pytest

from flows.duty import ALL_DAY, Duty, Group, Rota, Shift
from flows.errors import FlowError
from flows.policy_file import load_policy, parse_policy
from flows.yaml_source import read
from tests.flows.builders import ROOT, advance, flow_of, run_of

RULES = "rules: [{name: all, outcome: ask, because: It is a test.}]\n"
WHOLE = """
groups:
  support: {people: [Grace@Example.com, omar@example.com], places: ["slack:C1", "teams:19:x"]}
rotas:
  on-call:
    time_zone: Europe/Berlin
    line:
      - {who: grace@example.com, days: [mon, tue], from: "09:00", to: "17:30"}
      - {who: omar@example.com, from: "22:00", to: "06:00"}
      - {who: support}
escalation: {to: on-call, github: [high, critical]}
"""


def duty_of(text: str) -> Duty:
    return parse_policy(read("policy.yaml", (RULES + text).encode())).duty


def test_all_of_it_is_read() -> None:
    found = duty_of(WHOLE)

    assert found.groups == {
        "support": Group(("grace@example.com", "omar@example.com"), ("slack:C1", "teams:19:x"))
    }
    rota = found.rotas["on-call"]
    assert rota.time_zone == "Europe/Berlin"
    assert rota.line == (
        Shift("grace@example.com", frozenset({"mon", "tue"}), (540, 1050)),
        Shift("omar@example.com", hours=(1320, 360)),
        Shift("support"),
    )
    assert rota.line[2].hours == ALL_DAY
    assert (found.to, found.github) == ("on-call", ("high", "critical"))


def test_without_any_of_it_matters_go_to_support_and_never_to_github() -> None:
    assert duty_of("") == Duty()
    assert Duty().values == {"to": "support", "github": []}


def test_one_severity_may_stand_alone() -> None:
    assert duty_of("escalation: {github: critical}").github == ("critical",)


def test_the_shipped_policy_asks_where_approvers_are_asked() -> None:
    shipped = load_policy(ROOT / "flows" / "policy.yaml").duty

    assert shipped.groups == {"support": Group()}
    assert shipped.to == "support"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("groups: [support]", "must be at most 100 by their names"),
        ("groups: {'a b': {}}", "'a b' is no name"),
        ("groups: {support: {persons: []}}", "has people and places, and nothing else"),
        ("groups: {support: {people: [grace]}}", "must be e-mail addresses"),
        ("groups: {support: {places: [C1]}}", "must say the platform"),
        ("rotas: {on-call: {}}", "needs a line"),
        ("rotas: {on-call: {line: []}}", "needs a line"),
        ("rotas: {on-call: {line: [{who: nobody}]}}", "neither an e-mail address nor a group"),
        ("rotas: {on-call: {line: [{who: g@example.com, days: [monday]}]}}", "days in 'on-call' are some of"),
        ("rotas: {on-call: {line: [{who: g@example.com, days: []}]}}", "days in 'on-call' are some of"),
        ("rotas: {on-call: {line: [{who: g@example.com, from: 9}]}}", "are times in quotes"),
        ('rotas: {on-call: {line: [{who: g@example.com, from: "25:00"}]}}', "are times in quotes"),
        ('rotas: {on-call: {line: [{who: g@example.com, to: "24:30"}]}}', "are times in quotes"),
        ('rotas: {on-call: {line: [{who: g@example.com, from: "9:00", to: "9:00"}]}}', "are times in quotes"),
        ('rotas: {on-call: {time_zone: "../etc", line: [{who: g@example.com}]}}', "is no time zone"),
        ("rotas: {on-call: {line: [{who: g@example.com, till: 1}]}}", "has who, days, from and to"),
        ("groups: {a: {}}\nrotas: {a: {line: [{who: g@example.com}]}}", "is a group too"),
        ("escalation: {to: nowhere}", "is no group, rota or e-mail address"),
        ("escalation: {github: [severe]}", "github must be some of"),
        ("escalation: {jira: yes}", "has to and github, and nothing else"),
        ("escalation: [critical]", "has to and github, and nothing else"),
    ],
)
def test_a_mistake_is_named(text: str, problem: str) -> None:
    with pytest.raises(FlowError, match=problem):
        duty_of(text)


def test_a_flow_can_read_what_the_policy_says_of_escalation() -> None:
    flow = flow_of(
        """
        - {id: told, type: message, text: "{{ policy.escalation.to }}",
           when: "'low' not in policy.escalation.github"}
        - {id: done, type: end}
        """
    )
    from flows.events import Entered

    run, effects = advance(flow, run_of(flow), Entered())

    assert run.status == "done"
    assert [each.reply.text for each in effects] == ["support"]


def test_a_rota_may_be_empty_of_people_but_not_of_a_line() -> None:
    assert Rota(()).line == ()
