"""Who we are to the database: the address of the app's role, made from that of the owner."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote, urlsplit, urlunsplit

APP_ROLE = "countersign_app"
OWNER_ROLE = "countersign_owner"
UNREADABLE = "DATABASE_URL cannot be read. It looks like this: postgresql://name:password@host:5432/database"


def app_password(secret_key: str) -> str:
    """The app role's password, which every process can derive and nothing needs to store."""
    newest = secret_key.split(",")[0].strip()
    return hmac.new(newest.encode(), b"database role " + APP_ROLE.encode(), hashlib.sha256).hexdigest()


def app_dsn(admin_dsn: str, secret_key: str) -> str:
    """The same database, as the role that is neither owner nor superuser."""
    parts = urlsplit(admin_dsn)
    host = parts.netloc.rpartition("@")[2]
    login = f"{APP_ROLE}:{quote(app_password(secret_key), safe='')}"
    return urlunsplit((parts.scheme, f"{login}@{host}", parts.path, parts.query, parts.fragment))


def for_asyncpg(dsn: str) -> str:
    """Without the driver's name that SQLAlchemy likes to see."""
    scheme, _, rest = dsn.partition("://")
    return f"{scheme.partition('+')[0].replace('postgres', 'postgresql').replace('postgresqlql', 'postgresql')}://{rest}"


def for_sqlalchemy(dsn: str) -> str:
    return for_asyncpg(dsn).replace("postgresql://", "postgresql+asyncpg://", 1)
