"""The commands `countersign brand …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

brand_app = typer.Typer(help="What the bot calls itself, and how it likes to sound.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id; needed where there are several")]


@brand_app.command("set")
def put(
    name: Annotated[str, typer.Argument(help="what it calls itself, as in “Lemon Desk”")],
    voice: Annotated[str, typer.Option(help="how it likes to sound, where a model writes")] = "",
    tenant: Tenant = "",
) -> None:
    """Give the bot a name of yours, and a voice for what a model writes. Never on approvals."""
    from bot.settings import Settings
    from workers import brand_cli

    raise typer.Exit(brand_cli.put(Settings(), tenant, name, voice))


@brand_app.command("show")
def show(tenant: Annotated[str, typer.Option("--tenant", help="name or id; all without")] = "") -> None:
    """Show what it calls itself."""
    from bot.settings import Settings
    from workers import brand_cli

    raise typer.Exit(brand_cli.show(Settings(), tenant))


@brand_app.command("drop")
def drop(tenant: Tenant = "") -> None:
    """Be Countersign again."""
    from bot.settings import Settings
    from workers import brand_cli

    raise typer.Exit(brand_cli.drop(Settings(), tenant))
