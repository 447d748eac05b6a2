"""Secrets at rest: AES-256-GCM, bound to the one row and column they were written for.

A token copied to another tenant's row does not decrypt there. `SECRET_KEY` may hold several keys
separated by commas, newest first: the first seals, all open.
"""

from __future__ import annotations

import base64
import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import ConfigurationError, CountersignError

VERSION = "v1"
MOST_BYTES = 64 * 1024
_SHORTEST_KEY = 32
_NONCE_BYTES = 12


class SecretUnreadable(CountersignError):
    """A sealed value is damaged, belongs elsewhere, or was sealed with a key that is gone."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The one place a sealed value belongs to: it opens nowhere else."""

    tenant: str
    table: str
    row: str
    column: str

    def bound_to(self, key_id: str) -> bytes:
        """`tenant|table|row|column|key-id`, where a bar inside a part cannot be taken for one between."""
        parts = (self.tenant, self.table, self.row, self.column, key_id)
        return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts).encode()


def new_key() -> str:
    """A fresh key for `SECRET_KEY`."""
    return _text(os.urandom(32))


class Vault:
    """Seals and opens. Holds the derived keys only; neither its repr nor its errors show any of it."""

    def __init__(self, secret_key: str) -> None:
        """Raises `ConfigurationError` when there is no key, or one too short to be random."""
        self._keys = {_key_id(key): AESGCM(_derive(key, b"seal")) for key in _given(secret_key)}
        self._newest = next(iter(self._keys))

    def __repr__(self) -> str:
        return f"Vault({len(self._keys)} keys)"

    def __reduce__(self) -> str:
        raise TypeError("A vault is not to be copied or sent anywhere.")

    @property
    def key_id(self) -> str:
        """The name of the newest key, as it stands in sealed values."""
        return self._newest

    def seal(self, plain: str, spot: Spot) -> str:
        """`v1.<key-id>.<nonce>.<ciphertext>`"""
        data = plain.encode()
        if len(data) > MOST_BYTES:
            raise ValueError(f"A secret has at most {MOST_BYTES} bytes.")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self._newest].encrypt(nonce, data, spot.bound_to(self._newest))
        return ".".join((VERSION, self._newest, _text(nonce), _text(sealed)))

    def open(self, sealed: str, spot: Spot) -> str:
        """Raises `SecretUnreadable`, which tells where, and nothing of what was in it."""
        key_id, nonce, data = _parts(sealed, spot)
        key = self._keys.get(key_id)
        if key is None:
            raise SecretUnreadable(
                f"{spot.table}.{spot.column} was sealed with a key that is not in SECRET_KEY any more."
            )
        try:
            return key.decrypt(nonce, data, spot.bound_to(key_id)).decode()
        except (InvalidTag, UnicodeDecodeError):
            raise _unreadable(spot) from None

    def rotate(self, sealed: str, spot: Spot) -> str | None:
        """The value sealed anew with the newest key, or None where it already is."""
        if _parts(sealed, spot)[0] == self._newest:
            return None
        return self.seal(self.open(sealed, spot), spot)


class Signer:
    """Signs with the newest key, for one purpose, and knows what any of them signed for it."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        """Raises `ConfigurationError` as the vault does."""
        self._keys = {_key_id(key): _derive(key, b"sign " + purpose.encode()) for key in _given(secret_key)}
        self.key_id = next(iter(self._keys))

    def __repr__(self) -> str:
        return f"Signer({len(self._keys)} keys)"

    def __reduce__(self) -> str:
        raise TypeError("A signer is not to be copied or sent anywhere.")

    def sign(self, data: bytes) -> bytes:
        return hmac.digest(self._keys[self.key_id], data, "sha256")

    def signed(self, data: bytes, key_id: str, signature: bytes) -> bool | None:
        """None: with a key that we do not have, so nobody can tell."""
        key = self._keys.get(key_id)
        return None if key is None else hmac.compare_digest(hmac.digest(key, data, "sha256"), signature)


def _given(secret_key: str) -> list[str]:
    given = [part.strip() for part in secret_key.split(",") if part.strip()]
    if not given:
        raise ConfigurationError(
            "SECRET_KEY is not set. Put a random key there: python -c "
            "'from bot.secrets import new_key; print(new_key())'"
        )
    for number, key in enumerate(given, start=1):
        if len(key) < _SHORTEST_KEY or len(set(key)) < 10:
            raise ConfigurationError(
                f"Key {number} in SECRET_KEY is too weak: it needs {_SHORTEST_KEY} random characters."
            )
    return given


def _parts(sealed: str, spot: Spot) -> tuple[str, bytes, bytes]:
    pieces = sealed.split(".")
    if len(sealed) > 2 * MOST_BYTES or len(pieces) != 4 or pieces[0] != VERSION:
        raise _unreadable(spot)
    try:
        nonce, data = _bytes(pieces[2]), _bytes(pieces[3])
    except ValueError:
        raise _unreadable(spot) from None
    if len(nonce) != _NONCE_BYTES:
        raise _unreadable(spot)
    return pieces[1], nonce, data


def _unreadable(spot: Spot) -> SecretUnreadable:
    return SecretUnreadable(f"{spot.table}.{spot.column} is damaged, or was sealed for another row.")


def _derive(key: str, purpose: bytes, length: int = 32) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"countersign v1 " + purpose).derive(key.encode())


def _key_id(key: str) -> str:
    """A name that stays the same, and from which nothing of the key can be learned."""
    return _derive(key, b"key id", 5).hex()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    if not text.isascii():
        raise ValueError("not base64")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
