"""The files that began a run, found again where its first words are read later than they were said."""

from __future__ import annotations

from dataclasses import replace

from workers.seen import Seen, Tools
from workers.store import files
from workers.store.conversations import Claimed
from workers.store.runs import Stored


async def of_opening(tools: Tools, claimed: Claimed, seen: Seen, stored: Stored) -> Seen:
    """A flow may ask a service first, and read what was said once that has answered. In the turn that
    begins the run, what came with it is there already."""
    if seen.files or stored.version == 0:
        return seen
    async with tools.db.tenant(claimed.tenant) as c:
        found = await files.of_run(c, claimed.tenant, stored.run.id)
    return replace(seen, files=found) if found else seen
