"""What the list of integrations promises of every tool, those not yet written included."""

from __future__ import annotations

import subprocess
import sys

import pytest

from integrations import integration_of, services, tools
from integrations.base import Arguments, Reversibility, Risk, Tool

EVERY = list(tools().values())


@pytest.mark.parametrize("tool", EVERY, ids=lambda tool: tool.name)
def test_a_tool_declares_what_it_is(tool: Tool) -> None:
    assert tool.name.partition(".")[0] == integration_of(tool.name).name
    assert issubclass(tool.arguments, Arguments)
    assert tool.arguments.model_config.get("extra") == "forbid"
    assert tool.result.model_config.get("extra") == "forbid"
    assert tool.summary
    assert not tool.summary.endswith(".")
    assert (tool.risk is Risk.READ) == (tool.reversibility is Reversibility.READ_ONLY)


@pytest.mark.parametrize("tool", [t for t in EVERY if t.risk is not Risk.READ], ids=lambda tool: tool.name)
def test_what_changes_something_can_be_described_on_an_approval_card(tool: Tool) -> None:
    assert tool.describe is not None
    assert tool.risk is not Risk.MONEY or tool.amount is not None


def test_names_are_unique() -> None:
    assert len(EVERY) == sum(len(service.tools) for service in services())


def test_an_unknown_tool_belongs_to_nobody() -> None:
    with pytest.raises(KeyError):
        integration_of("stripe.give_me_all")


def test_listing_the_tools_imports_no_vendor() -> None:
    script = (
        "import sys, integrations; integrations.tools();"
        "vendors = {'stripe', 'jira', 'github', 'notion_client', 'openai', 'aiohttp'};"
        "print(sorted(vendors & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert out.strip() == "[]"
