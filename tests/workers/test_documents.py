"""Tools by OpenAPI documents among the others: what is approved, whose account, and what one can look up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

import integrations
from bot.errors import ConfigurationError
from bot.settings import Settings
from flows import approval as sealing
from flows.policy import Outcome, judge
from flows.policy_file import load_policy, parse_policy
from flows.yaml_source import Source
from workers import documents, tools, tools_cli
from workers.doctor.documents import documents as doctor
from workers.doctor.finding import good
from workers.installations import without_our_accounts
from workers.installs import OWN
from workers.push import POLICY
from workers.services import Services, defaults, names, prefix
from workers.store.services import Kept

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://shop.example"}],
    "paths": {
        "/items": {
            "get": {"operationId": "listItems", "summary": "List items", "responses": {"200": {}}},
            "post": {
                "operationId": "addItem",
                "summary": "Add an item",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["name", "count"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "count": {"type": "integer", "minimum": 1},
                                },
                            }
                        }
                    },
                },
                "responses": {"201": {}},
            },
        },
        "/items/{id}": {
            "delete": {
                "operationId": "dropItem",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"204": {}},
            }
        },
        "/a": {"get": {"operationId": "same"}},
        "/b": {"get": {"operationId": "same"}},
        "/upload": {
            "post": {
                "operationId": "upload",
                "requestBody": {"required": True, "content": {"multipart/form-data": {}}},
            }
        },
    },
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Learn the document, changed as one likes; the settings come back."""

    def learned(document: Any = DOCUMENT, **more: str) -> Settings:
        path = tmp_path / "shop.json"
        path.write_text(json.dumps(document))
        for name, value in more.items():
            monkeypatch.setenv(f"OPENAPI_SHOP_{name}", value)
        settings = Settings(_env_file=None, openapi=f"shop={path}", state_dir=tmp_path / "state")
        documents.learn(settings)
        return settings

    yield learned
    integrations.learn({})


# ── what is approved ─────────────────────────────────────────────────────────────────────


def _digest(tool: str, arguments: dict[str, Any]) -> bytes:
    fields = (
        "tenant",
        "requester",
        "account",
        "flow_version",
        "step",
        "policy_version",
        "approval",
        "expires_at",
    )
    return sealing.digest(
        sealing.Sealed(**dict.fromkeys(fields, "x"), tool=tools.meaning(tool), arguments=arguments)
    )


def _turned_into_a_delete() -> Any:
    document = json.loads(json.dumps(DOCUMENT))
    document["paths"]["/all"] = {"post": document["paths"]["/items"].pop("post")}
    return document


ITEM = {"body": {"name": "a", "count": 1}}


def test_a_document_that_changes_what_a_call_means_voids_what_was_approved(shop: Any) -> None:
    shop()
    before = _digest("shop.addItem", ITEM)
    shop()
    assert _digest("shop.addItem", ITEM) == before

    shop(_turned_into_a_delete())
    assert _digest("shop.addItem", ITEM) != before


@pytest.mark.twin
def test_twin_a_digest_of_the_bare_name_would_let_the_document_be_exchanged(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "meaning", lambda tool: tool)
    shop()
    before = _digest("shop.addItem", ITEM)
    shop(_turned_into_a_delete())

    assert _digest("shop.addItem", ITEM) == before


def test_a_built_in_tool_is_approved_by_its_name() -> None:
    assert tools.meaning("stripe.charge") == "stripe.charge"
    assert tools.meaning("nobody.knows") == "nobody.knows"


@pytest.mark.parametrize(
    ("tool", "arguments", "outcome"),
    [
        ("listItems", {}, Outcome.ALONE),
        ("addItem", ITEM, Outcome.ALONE),
        ("dropItem", {"id": "1"}, Outcome.ASK),
        ("dropItem", {"id": 1}, Outcome.ASK),
    ],
)
def test_the_shipped_policy_judges_it_by_its_risk(
    shop: Any, tool: str, arguments: dict[str, Any], outcome: Outcome
) -> None:
    shop()
    card = tools.cards()[f"shop.{tool}"]

    assert judge(load_policy(POLICY), card, arguments, 1.0).outcome is outcome


# ── whose account ────────────────────────────────────────────────────────────────────────


def _kept(name: str, sealed: str | None = None) -> Kept:
    return Kept(name, "p1", "shop", sealed)


def test_our_credentials_are_ours_and_name_the_account(shop: Any) -> None:
    plain = shop(TOKEN="ours").plain()
    ours = Services(plain).connected(uuid4(), _kept(OWN))
    theirs = Services(plain).connected(uuid4(), _kept("Acme (T1)"))

    assert ours.values["OPENAPI_SHOP_TOKEN"] == "ours"
    assert "ours" not in theirs.values.values()
    assert ours.account != theirs.account
    other = Services(plain | {"OPENAPI_SHOP_TOKEN": "another"}).connected(uuid4(), _kept(OWN))
    assert other.account != ours.account
    assert "ours" not in ours.account


def test_its_settings_are_known_with_their_secrets(shop: Any) -> None:
    shop()

    assert prefix("shop") == "OPENAPI_SHOP_"
    assert names("shop")["OPENAPI_SHOP_TOKEN"] is True
    assert names("shop")["OPENAPI_SHOP_CLIENT_ID"] is False
    assert defaults("shop") == {}


def test_a_stranger_s_workspace_is_denied_every_tool_of_it(shop: Any) -> None:
    shop()
    source = {"rules": [{"name": "all", "outcome": "may run alone", "because": "x"}]}
    policy = parse_policy(Source("p", without_our_accounts(source), {}))

    assert judge(policy, tools.cards()["shop.listItems"], {}, 1.0).outcome is Outcome.DENY


def test_arguments_are_kept_as_they_were_stored(shop: Any) -> None:
    shop()
    stored = sealing.canonical(ITEM)
    checked = integrations.tools()["shop.addItem"].arguments.model_validate(orjson.loads(stored))

    assert sealing.canonical(checked.model_dump(mode="json")) == stored


# ── at the start, and looked up ──────────────────────────────────────────────────────────


def test_what_is_wrong_is_one_sentence_that_names_the_setting(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, openapi=f"shop={tmp_path}/none.json")

    with pytest.raises(ConfigurationError, match=r"^OPENAPI names shop=.*cannot be read\.$"):
        documents.learn(settings)
    documents.learn(settings, load=False)  # the front only needs the names
    assert "shop" in integrations.service_names()
    integrations.learn({})


def test_the_list_shows_risk_and_where_each_is_from(shop: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert tools_cli.list_all(shop(TOOLS="addItem")) == 0
    out = capsys.readouterr().out

    assert "stripe.charge" in out
    assert "built in" in out
    line = next(each for each in out.splitlines() if each.startswith("shop.addItem"))
    told = "shop.addItem write irreversible by its document, at shop.example Add an item"
    assert " ".join(line.split()) == told
    assert "shop has 3 operations more: countersign tools list shop" in out


def test_the_list_of_a_document_shows_all_that_it_offers_and_what_cannot_be_called(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tools_cli.list_all(shop(), "shop") == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}

    assert set(lines) == {"shop.listItems", "shop.addItem", "shop.dropItem", "shop.upload", "shop.same"}
    assert "destructive" in lines["shop.dropItem"]
    assert "takes multipart/form-data, and only JSON is sent" in lines["shop.upload"]
    assert "GET /a and GET /b share it" in lines["shop.same"]


def test_a_tool_is_shown_with_its_schema_and_a_step_that_fits(
    shop: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    import yaml

    assert tools_cli.show(shop(), "shop.addItem") == 0
    out = capsys.readouterr().out
    schema = json.loads(out.partition("Arguments:\n")[2].partition("\n\nIn a flow:")[0])
    (step,) = yaml.safe_load(out.partition("In a flow:\n")[2])

    assert "calls POST /items at shop.example" in out
    assert schema["required"] == ["body"]
    assert step["call"] == "shop.addItem"
    integrations.tools()["shop.addItem"].arguments.model_validate(step["with"])


@pytest.mark.parametrize("name", ["stripe.charge", "stripe.refund", "jira.create_issue", "shop.dropItem"])
def test_every_tool_can_be_shown(shop: Any, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert tools_cli.show(shop(), name) == 0
    assert capsys.readouterr().out.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("shop.addItems", "Close to it: shop.addItem"),
        ("shop.upload", "cannot be called: the document takes multipart"),
        ("shop.same", "cannot be called: the document gives GET /a and GET /b one name"),
        ("nobody.knows", "There is no tool 'nobody.knows'"),
    ],
)
def test_a_tool_that_is_not_there_is_told_with_the_closest(shop: Any, name: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        tools_cli.show(shop(), name)


def test_a_document_that_is_not_there_is_told_with_those_that_are(shop: Any) -> None:
    with pytest.raises(ConfigurationError, match="There are: shop"):
        tools_cli.list_all(shop(), "shoe")


async def test_the_doctor_looks_at_each_document(shop: Any, tmp_path: Path) -> None:
    found = await doctor(shop(TOKEN="s3cret-token"))
    assert [str(each) for each in found] == [
        str(good("Document shop", "4 operations at shop.example, called with a token"))
    ]

    with pytest.raises(ConfigurationError, match="OPENAPI names shop"):
        await doctor(Settings(_env_file=None, openapi=f"shop={tmp_path}/none.json"))
    assert await doctor(Settings(_env_file=None)) == []
