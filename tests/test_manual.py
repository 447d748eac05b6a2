"""What the README and docs/ say is so, is so."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import typer.main
from typer.testing import CliRunner

from bot.cli import app
from bot.platforms.slack import manifest as slack
from bot.platforms.teams import manifest as teams
from bot.settings import Settings
from flows.approval_file import FIELDS as approver_fields
from flows.loader import load
from flows.policy_file import load_policy, parse_policy
from flows.policy_rule_file import FIELDS as rule_fields
from flows.steps import STEPS
from flows.yaml_source import read
from integrations import tools
from integrations.stripe.tools import LONGEST
from integrations.stripe.webhook import _TOLD as told
from tests.pages import MANUAL, ROOT, blocks, sources, text
from workers import retry
from workers.push import POLICY
from workers.store import outbox

LONGEST_README = 290


def test_the_readme_is_read_in_five_minutes_and_leads_to_every_other_page() -> None:
    readme = text("README.md")

    assert len(readme.splitlines()) <= LONGEST_README
    assert [page for page in MANUAL[1:] if f"]({page})" not in readme] == []


def test_every_example_of_a_flow_and_of_a_policy_is_without_a_mistake() -> None:
    examples = [example for page in MANUAL for example in blocks(page, "yaml")]
    flows = [example for example in examples if example.startswith("id:")]
    policies = [example for example in examples if example.startswith("rules:")]
    played = [example for example in examples if example.startswith("conversations:")]

    assert {load(read("a page", example.encode()), tools()).id for example in flows} == {"ping", "lunch"}
    assert all(parse_policy(read("a page", example.encode())).rules for example in policies)
    assert len(flows) + len(policies) + len(played) == len(examples)


def test_the_flow_in_the_readme_holds_the_conversation_in_the_manual(tmp_path: Path) -> None:
    (tmp_path / "catalog" / "tests").mkdir(parents=True)
    flow = next(each for each in blocks("README.md", "yaml") if each.startswith("id: ping"))
    talk = next(each for each in blocks("docs/flows.md", "yaml") if each.startswith("conversations:"))
    (tmp_path / "catalog" / "ping.yaml").write_text(flow)
    (tmp_path / "catalog" / "tests" / "ping.yaml").write_text(talk)
    (tmp_path / "policy.yaml").write_text((ROOT / "flows" / "policy.yaml").read_text())

    assert (
        CliRunner().invoke(app, ["flows", "test", str(tmp_path / "catalog"), "--coverage", "100"]).exit_code
        == 0
    )


def test_the_readme_and_both_manifests_tell_every_flow_that_is_shipped() -> None:
    shipped = sorted(path.stem for path in (ROOT / "flows" / "catalog").glob("*.yaml"))

    assert [flow for flow in shipped if f"`/{flow}" not in text("README.md")] == []
    assert [flow for flow in shipped if f"/{flow}" not in {command for command, _, _ in slack.COMMANDS}] == []
    assert [flow for flow in shipped if flow not in {command for command, _ in teams.COMMANDS}] == []


def test_the_readme_tells_every_command_of_the_program() -> None:
    command: Any = typer.main.get_command(app)
    shown = {name for name, each in command.commands.items() if not each.hidden}

    assert [name for name in sorted(shown) if f"`countersign {name}" not in text("README.md")] == []


def test_the_readme_tells_every_step_type_and_every_tool() -> None:
    page = text("docs/flows.md")
    table = page.partition("## Step types")[2].partition("Each has an `id`")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(STEPS)
    assert [name for name in tools() if f"`{name}`" not in page] == []


def test_the_manual_tells_every_field_of_a_step() -> None:
    """Read from the schema that editors use, which a test of its own holds against the steps."""
    page = text("docs/flows.md").partition("## Step types")[2].partition("## A flow that takes money")[0]
    schema = json.loads((ROOT / "flows" / "flow.schema.json").read_text())
    steps = [
        each for each in schema["$defs"].values() if "const" in each.get("properties", {}).get("type", {})
    ]
    fields = {field for step in steps for field in step["properties"]} - {
        "type",
        "variants",
        "weights",
        "control",
    }

    assert len(steps) >= len(STEPS)
    assert [field for field in sorted(fields) if not re.search(rf"`{field}\b", page)] == []


def test_the_manual_tells_every_field_of_a_rule_and_of_approvers() -> None:
    page = text("docs/approvals.md")
    ours = {"name", "outcome", "because", "mode"}

    assert [field for field in sorted(rule_fields - ours) if f"`{field}`" not in page] == []
    assert [field for field in approver_fields if not re.search(rf"\b{field}\b", page)] == []


def test_every_sentence_and_button_of_ours_that_the_readme_quotes_is_really_said() -> None:
    readme = text("README.md")
    trouble = readme.partition("## When something is wrong")[2].partition("## What it does not do")[0]
    quotes = re.findall(r"^\| “([^”]+)” \|", trouble, re.MULTILINE) + re.findall(
        r"“(REAL, LIVE[^”]*)”", readme
    )
    buttons = re.findall(r"\*\*(Yes, order it|Approve)\*\*", readme)
    said = sources() + "".join(
        path.read_text() for path in sorted((ROOT / "flows" / "catalog").glob("*.yaml"))
    )

    assert len(quotes) >= 3
    assert [each for each in quotes if each.rstrip(".… ") not in said] == []
    assert [each for each in buttons if f'"{each}"' not in said] == []


def test_the_manual_names_exactly_the_events_of_stripe_that_are_acted_upon() -> None:
    stripe = ROOT / "integrations" / "stripe"
    trees = [ast.parse((stripe / file).read_text()) for file in ("webhook.py", "disputes.py")]
    patterns = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.MatchValue)]
    acted = {each.value for each in patterns if isinstance(each, ast.Constant) and "." in str(each.value)}
    kinds = r"`((?:checkout\.session|payment_intent|charge|refund|invoice)\.[\w.]+)`"
    named = set(re.findall(kinds, text("docs/services.md")))

    assert named == acted | set(told)


def test_the_figures_in_the_pages_are_those_of_the_source() -> None:
    policy, architecture, readme = load_policy(POLICY), text("ARCHITECTURE.md"), text("README.md")
    asked = next(rule for rule in policy.rules if rule.at_least)
    unsure = next(rule for rule in policy.rules if rule.confidence_below)

    assert f"a charge of {asked.at_least} or more" in readme
    assert f"less than {unsure.confidence_below:.0%}".replace("%", " %") in readme
    assert f"one budget ({LONGEST:.0f} s)" in architecture
    assert f"({Settings.model_fields['effect_lease'].default:.0f} s, `EFFECT_LEASE`)" in architecture
    assert f"after {outbox.MOST_ATTEMPTS} tries" in architecture
    assert retry.MOST_ATTEMPTS == 8
    assert "tried eight times" in architecture
