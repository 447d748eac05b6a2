"""The commands `countersign schedules …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

schedules_app = typer.Typer(help="What begins by the clock, and in whose name.", no_args_is_help=True)


@schedules_app.command("list")
def list_all(
    tenant: Annotated[str, typer.Option("--tenant", help="name or id; all without")] = "",
) -> None:
    """Show every schedule: what, when, whose, where, and what is paused and why."""
    from bot.settings import Settings
    from workers import schedules_cli

    raise typer.Exit(schedules_cli.listed(Settings(), tenant))


@schedules_app.command("stop")
def stop(id: Annotated[str, typer.Argument(help="as `schedules list` shows it")]) -> None:
    """Stop one for good. Whoever asked for it can ask again."""
    from bot.settings import Settings
    from workers import schedules_cli

    raise typer.Exit(schedules_cli.stop(Settings(), id))
