"""The app package that a Teams administrator uploads: manifest.json and two icons in a zip."""

from __future__ import annotations

import io
import json
import re
import zipfile
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

from bot.errors import ConfigurationError
from bot.platforms.teams import icons
from bot.settings import LOOPBACK, Settings

SCHEMA = "1.24"
PLACEHOLDER_APP = "00000000-0000-0000-0000-000000000000"
PLACEHOLDER_URL = "https://countersign.example"
SCOPES = ("personal", "team", "groupChat")
COMMANDS = (
    ("order", "Order something: order two margheritas and a cola"),
    ("escalate", "Hand a matter to a person: escalate the printer is on fire"),
    ("summarize", "Sum up tickets and pages: summarize the last 7 days"),
    ("ask", "Answer from your own pages: ask how long does a refund take?"),
    ("memory", "What I remember about you; memory off, memory on, memory forget"),
    ("file", "Sum up a file that you send, or answer a question about it"),
    ("refund", "Give one of your payments back, once somebody approved it"),
    ("approvals", "What waits for your decision"),
    ("grants", "What runs alone by a grant; grants revoke 3 ends one"),
    ("tone", "How I speak to you, from 1 (terse) to 10 (playful): tone 3"),
    ("forget me", "Erase all that I keep about you; “export my data” shows it before"),
    ("help", "What I can do, and what happens to what you tell me"),
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# A zip without a clock: the same manifest gives the same bytes.
_EPOCH = (2026, 1, 1, 0, 0, 0)


def manifest(app_id: str, public_url: str) -> dict[str, Any]:
    """Refuses what Teams would refuse after the upload, with the name of the setting."""
    if not _GUID.fullmatch(app_id):
        raise ConfigurationError("MICROSOFT_APP_ID must be the GUID of the bot's app registration.")
    url = _public(public_url)
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA,
        "version": _version(),
        "id": app_id,
        "developer": {
            "name": "Countersign",
            "websiteUrl": url,
            "privacyUrl": f"{url}/privacy",
            "termsOfUseUrl": f"{url}/terms",
        },
        "name": {"short": "Countersign", "full": "Countersign: nothing that matters happens unseen"},
        "description": {
            "short": "Carries out what you ask, once a person has countersigned it.",
            "full": (
                "Countersign takes orders and requests in plain words, uses AI to understand them, and asks "
                "a person to approve before anything that matters is done. For use within your organisation. "
                "Say help to see what it can do and what is stored where."
            ),
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": "#264653",
        "bots": [
            {
                "botId": app_id,
                "scopes": list(SCOPES),
                "isNotificationOnly": False,
                "supportsFiles": True,
                "commandLists": [_command_list(scope) for scope in SCOPES],
            }
        ],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [_domain(url)],
    }


def package(settings: Settings) -> bytes:
    """The zip for these settings; PUBLIC_URL must be the address that people outside can open."""
    return zipped(manifest(settings.microsoft_app_id, settings.public_url))


def zipped(content: dict[str, Any]) -> bytes:
    files = {
        "manifest.json": as_text(content).encode(),
        "color.png": icons.color(),
        "outline.png": icons.outline(),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def as_text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _command_list(scope: str) -> dict[str, Any]:
    return {
        "scopes": [scope],
        "commands": [{"title": title, "description": about} for title, about in COMMANDS],
    }


def _public(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.hostname in LOOPBACK:
        raise ConfigurationError(
            "PUBLIC_URL must be an https address that Teams can reach, to make the app package."
        )
    return f"https://{parts.netloc}{parts.path}".rstrip("/")


def _domain(url: str) -> str:
    return urlsplit(url).netloc


def _version() -> str:
    """Ours, as Teams wants it: three numbers."""
    try:
        found = re.match(r"\d+\.\d+\.\d+", version("countersign"))
    except PackageNotFoundError:
        found = None
    return found[0] if found else "0.1.0"
