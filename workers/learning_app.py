"""The commands `countersign policy learn` and `countersign policy bars`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]


def learn(
    switch: Annotated[str, typer.Argument(help="on, or off; without, say which it is")] = "",
    tenant: Tenant = "",
) -> None:
    """Let rules that may learn stop asking where the evidence is there; off until somebody says on."""
    from bot.settings import Settings
    from workers import learning_cli

    raise typer.Exit(learning_cli.learn(Settings(), switch, tenant))


def bars(
    tenant: Tenant = "",
    json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Say what runs alone by experience, by which evidence, and how far the rest is."""
    from bot.settings import Settings
    from workers import learning_cli

    raise typer.Exit(learning_cli.show(Settings(), tenant, as_json=json))


def add(app: typer.Typer) -> None:
    app.command("learn")(learn)
    app.command("bars")(bars)
