"""The stand-ins' own secrets: made once, kept under the state directory, readable by the owner alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Keys:
    """`private_key` (PEM) signs what the Teams stand-in sends, and the bot's tokens for calling it."""

    slack_bot_token: str
    slack_signing_secret: str
    slack_client_secret: str
    teams_password: str
    stripe_api_key: str
    stripe_webhook_secret: str
    private_key: str
    key_id: str

    def __repr__(self) -> str:
        return "Keys(…)"

    def of(self, service: str, what: str) -> str:
        """A secret of one service's sandbox.

        Derived from what is kept, so that a folder made before the service was known needs nothing new.
        """
        return hmac.new(self.private_key.encode(), f"{service} {what}".encode(), hashlib.sha256).hexdigest()


def folder(state_dir: Path) -> Path:
    return state_dir / "workbench"


def keys(state_dir: Path) -> Keys:
    """The same keys for every process: whoever comes first makes them, the others read them."""
    path = folder(state_dir) / "keys.json"
    if not path.exists():
        write_once(state_dir, made())
    path.chmod(0o600)
    try:
        return Keys(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{path} cannot be read; delete it and start again") from error


def write_once(state_dir: Path, made: Keys) -> None:
    """A hard link fails where the file exists already, so two processes cannot both win."""
    path = folder(state_dir) / "keys.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".keys-{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(asdict(made), file)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)


def made() -> Keys:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Keys(
        slack_bot_token=f"xoxb-workbench-{secrets.token_hex(16)}",
        slack_signing_secret=secrets.token_hex(16),
        slack_client_secret=secrets.token_hex(16),
        teams_password=secrets.token_urlsafe(32),
        stripe_api_key=f"sk_test_workbench_{secrets.token_hex(16)}",
        stripe_webhook_secret=f"whsec_{secrets.token_hex(24)}",
        private_key=pem.decode(),
        key_id=secrets.token_hex(8),
    )
