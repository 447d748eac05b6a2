"""Our front as `countersign serve --role front` runs it, with the tenant's own rate limit opened wide."""

from __future__ import annotations

from functools import partial

from bot import log, serving
from bot.front import create_app
from bot.limits import Limits
from bot.settings import Settings
from workers import front

if __name__ == "__main__":
    settings = Settings()
    log.set_up(settings.log_level)
    wide = Limits(tenant_rate=1e9, tenant_burst=1e9)
    vars(front)["create_app"] = partial(create_app, limits=wide)
    serving.run([partial(front.run, settings)])
