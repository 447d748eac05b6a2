"""Jira, GitHub or Notion of our own, with TICKETS tickets more than it begins with."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import uvloop
from aiohttp import web

from integrations.github import sandbox as github
from integrations.github.sandbox.work import Work
from integrations.jira import sandbox as jira
from integrations.jira.sandbox.things import new_issue
from integrations.notion import sandbox as notion

TEXT = "The {n}th customer of the evening waited for an answer about order {n}. Nobody had looked at it yet."


def fill_jira(app: web.Application, count: int) -> None:
    store = app[jira.SANDBOX].store
    now = time.time()
    with store.transaction():
        for n in range(count):
            made = new_issue(store, "SHOP", now - n, None, summary=f"Order {n}", description=TEXT.format(n=n))
            store.put(made | {"updated": now - n}, 0.0)


def fill_github(app: web.Application, count: int) -> None:
    store = app[github.SANDBOX].store
    with store.transaction():
        work = Work(store, time.time(), "", "ada")
        repository = work.repository("pizzeria/shop")
        for n in range(count):
            work.open(repository, f"Order {n}", TEXT.format(n=n), [], [])


FILL = {"jira": fill_jira, "github": fill_github}


async def main() -> None:
    """SERVICE alone, as in life: three services do not share one core."""
    name, folder, count = os.environ["SERVICE"], Path(os.environ["FOLDER"]), int(os.environ["TICKETS"])
    make = {"jira": jira, "github": github, "notion": notion}[name].create_sandbox
    app = make(folder / f"{name}.sqlite3", webhook_url="", webhook_secret="secret")
    if name in FILL:
        FILL[name](app, count)
    server = web.Application()
    server.add_subapp(f"/{name}", app)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
