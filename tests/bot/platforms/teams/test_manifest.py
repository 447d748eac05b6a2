"""The app package is one that Teams takes."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from bot.errors import ConfigurationError
from bot.platforms.teams import icons
from bot.platforms.teams.inbound import to_turn
from bot.platforms.teams.manifest import (
    COMMANDS,
    PLACEHOLDER_APP,
    PLACEHOLDER_URL,
    as_text,
    manifest,
    package,
)
from bot.turn import Said, Turn
from tests.bot.platforms.teams.stand import APP, message, settings

SCHEMA = json.loads((Path(__file__).parent / "schema" / "teams-manifest-1.24.json").read_text())
KEPT = Path(__file__).parents[4] / "manifests" / "teams"


def problems(content: Any) -> list[str]:
    return [
        error.message
        for error in Draft4Validator(SCHEMA, format_checker=FormatChecker()).iter_errors(content)
    ]


def test_the_manifest_holds_against_microsofts_schema() -> None:
    assert problems(manifest(APP, "https://bot.example.com/")) == []


def test_the_schema_would_notice_a_mistake() -> None:
    wrong = manifest(APP, "https://bot.example.com")
    wrong["bots"][0]["scopes"] = ["everywhere"]
    wrong["name"]["short"] = "x" * 31

    assert len(problems(wrong)) == 2


def test_the_package_holds_manifest_and_icons_and_nothing_else() -> None:
    given = settings(public_url="https://bot.example.com")
    with zipfile.ZipFile(io.BytesIO(package(given))) as archive:
        assert sorted(archive.namelist()) == ["color.png", "manifest.json", "outline.png"]
        content = json.loads(archive.read("manifest.json"))

    assert content["id"] == content["bots"][0]["botId"] == APP
    assert content["validDomains"] == ["bot.example.com"]
    assert package(given) == package(given)


def picture(data: bytes) -> tuple[int, int, list[tuple[int, ...]]]:
    """Width, height and pixels of a PNG of ours."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert (depth, kind) == (8, 6)
    start = data.index(b"IDAT")
    size = struct.unpack(">I", data[start - 4 : start])[0]
    raw = zlib.decompress(data[start + 4 : start + 4 + size])
    rows = [raw[n * (width * 4 + 1) + 1 : (n + 1) * (width * 4 + 1)] for n in range(height)]
    return width, height, [tuple(row[n : n + 4]) for row in rows for n in range(0, width * 4, 4)]


def test_the_color_icon_is_full_and_large() -> None:
    width, height, pixels = picture(icons.color())

    assert (width, height) == (192, 192)
    assert all(pixel[3] == 255 for pixel in pixels)
    assert len(set(pixels)) > 3


def test_the_outline_icon_is_white_on_nothing() -> None:
    width, height, pixels = picture(icons.outline())

    assert (width, height) == (32, 32)
    assert {pixel[:3] for pixel in pixels} == {(255, 255, 255)}
    assert {0, 255} <= {pixel[3] for pixel in pixels}


def test_the_kept_files_are_what_the_code_makes() -> None:
    assert (KEPT / "manifest.json").read_text() == as_text(manifest(PLACEHOLDER_APP, PLACEHOLDER_URL))
    # The pictures, not the bytes: another zlib packs the same picture otherwise.
    assert picture((KEPT / "color.png").read_bytes()) == picture(icons.color())
    assert picture((KEPT / "outline.png").read_bytes()) == picture(icons.outline())


@pytest.mark.parametrize(
    ("app", "url", "setting"),
    [
        ("", "https://bot.example.com", "MICROSOFT_APP_ID"),
        ("not-a-guid", "https://bot.example.com", "MICROSOFT_APP_ID"),
        (APP, "", "PUBLIC_URL"),
        (APP, "http://bot.example.com", "PUBLIC_URL"),
        (APP, "https://localhost:3000", "PUBLIC_URL"),
    ],
)
def test_what_teams_would_refuse_is_refused_here_by_name(app: str, url: str, setting: str) -> None:
    with pytest.raises(ConfigurationError, match=setting):
        manifest(app, url)


@pytest.mark.parametrize("command", [title for title, _ in COMMANDS])
def test_each_command_reaches_us_when_it_is_picked(command: str) -> None:
    found = to_turn(message(command))

    assert isinstance(found, Turn)
    assert found.act == Said(command, mentioned=True)
