"""OPENAPI and its family of settings, where documents come from, and how they get among the tools."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import integrations
from bot.settings import Settings
from flows.errors import FlowError
from flows.loader import load
from flows.yaml_source import read
from integrations.errors import NotConfigured
from integrations.openapi import fetch
from integrations.openapi.catalogue import Catalogue
from integrations.openapi.chosen import Chosen, chosen, with_credentials

from .conftest import KENNEL, Kennel, Stand

Make = Callable[..., Kennel]


# ── the settings ─────────────────────────────────────────────────────────────────────────


def test_each_name_has_settings_of_its_own() -> None:
    settings = {
        "OPENAPI": "pet = pet.json, pet_store=https://store.example/openapi.yaml",
        "OPENAPI_PET_TOKEN": "a",
        "OPENAPI_PET_STORE_TOKEN": "b",
        "OPENAPI_PET_STORE_HEADER": "X-Key",
        "OPENAPI_GENERATOR_VERSION": "7",
    }
    pet, store = chosen(settings)

    assert (pet.name, pet.source, pet.token, pet.header, pet.prefix) == (
        "pet", "pet.json", "a", "Authorization", "Bearer",
    )  # fmt: skip
    assert (store.name, store.token, store.header, store.prefix) == ("pet_store", "b", "X-Key", "")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"OPENAPI": "https://x.example/openapi.json"}, "OPENAPI"),
        ({"OPENAPI": "Pet=x"}, "OPENAPI"),
        ({"OPENAPI": "pet="}, "OPENAPI"),
        ({"OPENAPI": "pet=a,pet=b"}, "OPENAPI"),
        ({"OPENAPI": ",".join(f"p{n}=x" for n in range(51))}, "OPENAPI"),
        ({"OPENAPI_PET_TOKNE": "x"}, "OPENAPI_PET_TOKNE"),
        ({"OPENAPI_PET_TOKEN": "a b"}, "OPENAPI_PET_TOKEN"),
        ({"OPENAPI_PET_TOKEN": "a\nb"}, "OPENAPI_PET_TOKEN"),
        ({"OPENAPI_PET_TOKEN": "a", "OPENAPI_PET_CLIENT_ID": "b"}, "OPENAPI_PET_TOKEN"),
        ({"OPENAPI_PET_CLIENT_ID": "b"}, "OPENAPI_PET_CLIENT_SECRET"),
        ({"OPENAPI_PET_CLIENT_ID": "b", "OPENAPI_PET_CLIENT_SECRET": "c"}, "OPENAPI_PET_TOKEN_URL"),
        ({"OPENAPI_PET_HEADER": "a b"}, "OPENAPI_PET_HEADER"),
        ({"OPENAPI_PET_HEADER": "X: a b"}, "OPENAPI_PET_HEADER"),
        ({"OPENAPI_PET_HEADER": "X", "OPENAPI_PET_QUERY": "y"}, "OPENAPI_PET_QUERY"),
        ({"OPENAPI_PET_IDEMPOTENCY_HEADER": "X: y"}, "OPENAPI_PET_IDEMPOTENCY_HEADER"),
        ({"OPENAPI_PET_ALLOW_PRIVATE": "perhaps"}, "OPENAPI_PET_ALLOW_PRIVATE"),
    ],
)
def test_what_makes_no_sense_is_refused_by_the_settings_name(settings: dict[str, str], named: str) -> None:
    with pytest.raises(NotConfigured) as caught:
        chosen({"OPENAPI": "pet=pet.json"} | settings)
    assert str(caught.value).startswith(f"{named} ")


def test_secrets_do_not_show_when_it_is_printed() -> None:
    assert "s3cret" not in repr(Chosen("pet", "x", token="s3cret", client_secret="s3cret"))


def test_the_environment_and_the_env_file_have_the_family(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "env").write_text("OPENAPI=pet=x\nOPENAPI_PET_TOKEN=file\nOPENAPI_PET_SERVER=https://s\n")
    monkeypatch.setenv("OPENAPI_PET_TOKEN", "environment")
    settings = Settings(_env_file=tmp_path / "env")
    plain = settings.plain()

    assert plain["OPENAPI_PET_TOKEN"] == "environment"
    assert plain["OPENAPI_PET_SERVER"] == "https://s"
    assert "environment" not in f"{settings!r}"
    assert settings.model_copy(update={"port": 1}).plain()["OPENAPI_PET_TOKEN"] == "environment"


def test_another_tenants_call_is_made_with_its_credentials_or_none() -> None:
    ours = Chosen(
        "pet", "x", token="ours", header="X-Key", prefix="", server="https://pet.example", inside=True
    )

    theirs = with_credentials(
        ours, {"OPENAPI_PET_TOKEN": "theirs", "OPENAPI_PET_SERVER": "https://evil.example"}
    )
    assert (theirs.token, theirs.header, theirs.server) == ("theirs", "X-Key", "https://pet.example")
    assert with_credentials(ours, {}).token == ""


# ── where documents come from ────────────────────────────────────────────────────────────


@pytest.fixture
def remote(stand: Stand) -> Chosen:
    stand.usual = (200, {"Content-Type": "application/json"}, json.dumps(KENNEL).encode())
    return Chosen("kennel", f"{stand.base}/openapi.json", inside=True)


def test_a_document_by_url_is_kept_for_a_start_without_the_network(
    remote: Chosen, stand: Stand, tmp_path: Path
) -> None:
    assert "dogs_list" in fetch.document(remote, tmp_path).operations
    digest = hashlib.sha256(stand.usual[2]).hexdigest()
    assert (tmp_path / "openapi" / f"{digest}.document").read_bytes() == stand.usual[2]

    for trouble in ((503, {}, b""), (200, {}, b"<html>"), (302, {"Location": "/x"}, b""), (0, {}, b"")):
        stand.usual = trouble
        assert "dogs_list" in fetch.document(remote, tmp_path).operations


def test_a_newer_document_takes_the_place_of_the_older(remote: Chosen, stand: Stand, tmp_path: Path) -> None:
    fetch.document(remote, tmp_path)
    newer = json.loads(json.dumps(KENNEL)) | {"paths": {"/cats": {"get": {"operationId": "cats"}}}}
    stand.usual = (200, {}, json.dumps(newer).encode())
    fetch.document(remote, tmp_path)
    stand.usual = (500, {}, b"")

    assert set(fetch.document(remote, tmp_path).operations) == {"cats"}


def test_a_kept_document_that_was_changed_is_not_used(remote: Chosen, stand: Stand, tmp_path: Path) -> None:
    fetch.document(remote, tmp_path)
    (kept,) = (tmp_path / "openapi").glob("*.document")
    kept.write_bytes(kept.read_bytes().replace(b"kennel.example", b"evil99.example"))
    stand.usual = (500, {}, b"")

    with pytest.raises(NotConfigured, match="OPENAPI names kennel"):
        fetch.document(remote, tmp_path)


@pytest.mark.twin
def test_twin_a_document_kept_by_its_name_alone_would_be_anybodys(
    remote: Chosen, stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch.document(remote, tmp_path)
    (kept,) = (tmp_path / "openapi").glob("*.document")
    kept.write_bytes(kept.read_bytes().replace(b"kennel.example", b"evil99.example"))
    stand.usual = (500, {}, b"")
    monkeypatch.setattr(fetch, "_kept", lambda chosen, folder: kept.read_bytes())

    assert fetch.document(remote, tmp_path).server == "https://evil99.example/v1"


@pytest.mark.parametrize(
    "url",
    ["http://specs.example/x.json", "http://127.0.0.1:1/x.json", "https://localhost/x.json", "ftp://x/y", "https://u:p@h/x"],
)  # fmt: skip
def test_a_document_is_fetched_by_https_from_the_open_internet(url: str, tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="OPENAPI names kennel"):
        fetch.document(Chosen("kennel", url), tmp_path)


def test_a_document_by_a_name_that_leads_inside_is_not_fetched(
    stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(stand.base.rpartition(":")[2])))]
    monkeypatch.setattr("integrations.http.socket.getaddrinfo", lambda *_: found)

    with pytest.raises(NotConfigured, match=r"specs\.example does not give us"):
        fetch.document(Chosen("kennel", "https://specs.example/x.json"), tmp_path)
    assert stand.seen == []


def test_what_is_wrong_with_a_document_is_said_with_its_setting(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    for source, problem in (
        (str(tmp_path / "none.json"), "cannot be read"),
        (str(write("{}", "empty.json")), "is not an OpenAPI document"),
        (str(write("a: &x 1", "odd.yaml")), "is not an OpenAPI document"),
    ):
        with pytest.raises(NotConfigured, match=f"OPENAPI names kennel.*{problem}"):
            fetch.document(Chosen("kennel", source), tmp_path)


def test_the_address_of_a_document_is_not_repeated_for_it_may_hold_a_key(
    stand: Stand, tmp_path: Path
) -> None:
    stand.usual = (404, {}, b"")
    with pytest.raises(NotConfigured) as caught:
        fetch.document(Chosen("kennel", f"{stand.base}/x?key=s3cret", inside=True), tmp_path)
    assert "s3cret" not in str(caught.value)


# ── among the tools ──────────────────────────────────────────────────────────────────────


FLOW = """
id: adopt
description: "Take a dog in"
steps:
  - {id: take, type: tool, call: CALL, with: {body: {name: Rex}}, save: dog}
  - {id: done, type: end}
"""


@pytest.mark.usefixtures("forget")
def test_a_flow_that_calls_an_operation_makes_it_a_tool(kennel: Make) -> None:
    integrations.learn(kennel().settings)
    assert [name for name in integrations.tools() if name.startswith("kennel.")] == []

    load(read("adopt.yaml", FLOW.replace("CALL", "kennel.dogs_create").encode()), integrations.tools())
    assert [name for name in integrations.tools() if name.startswith("kennel.")] == ["kennel.dogs_create"]
    assert integrations.integration_of("kennel.dogs_create").name == "kennel"
    assert "kennel" in integrations.service_names()
    assert len(integrations.tools()) == len(list(integrations.tools()))

    with pytest.raises(FlowError, match=r"there is no tool 'kennel\.dogs_cre'"):
        load(read("adopt.yaml", FLOW.replace("CALL", "kennel.dogs_cre").encode()), integrations.tools())


@pytest.mark.usefixtures("forget")
def test_without_documents_the_tools_are_the_built_in_ones(kennel: Make) -> None:
    built_in = set(integrations.tools())
    integrations.learn(kennel(TOOLS="*").settings)
    assert set(integrations.tools()) > built_in

    integrations.learn({})
    assert set(integrations.tools()) == built_in
    with pytest.raises(KeyError):
        integrations.integration_of("kennel.dogs_list")


def test_a_name_that_is_built_in_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(NotConfigured, match="names stripe, which is built in"):
        Catalogue({"OPENAPI": f"stripe={write()}"}, taken=["stripe"])


def test_a_document_beside_the_code_is_there_without_a_setting(write: Callable[..., Path]) -> None:
    folder = write(name="kennel.json").parent
    (folder / "notes.txt").write_text("no document")
    catalogue = Catalogue({"OPENAPI_KENNEL_TOKEN": "t"}, specs=folder)

    assert catalogue.names == ("kennel",)
    assert catalogue.tool("kennel.dogs_list").name == "kennel.dogs_list"
    assert catalogue.services()[0].required == ("OPENAPI_KENNEL_TOKEN",)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"TOOLS": "dogs_lost"}, "OPENAPI_KENNEL_TOOLS names 'dogs_lost'"),
        ({"READS": "dogs_lost"}, "OPENAPI_KENNEL_READS names 'dogs_lost'"),
        ({"SERVER": "nowhere"}, "OPENAPI_KENNEL_SERVER"),
    ],
)
def test_settings_that_do_not_fit_the_document_are_named(
    kennel: Make, settings: dict[str, str], problem: str
) -> None:
    with pytest.raises(NotConfigured, match=problem):
        kennel(**settings).catalogue.load()


def test_a_yaml_document_is_as_good(kennel: Make, tmp_path: Path, write: Callable[..., Path]) -> None:
    import yaml

    path = write(yaml.safe_dump(json.loads(json.dumps(KENNEL))), "kennel.yaml")
    catalogue: Any = Catalogue({"OPENAPI": f"kennel={path}"})

    assert (
        catalogue.tool("kennel.dogs_create").version
        == kennel(SERVER="https://kennel.example/v1", ALLOW_PRIVATE="").tool("dogs_create").version
    )
