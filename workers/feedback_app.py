"""The commands `countersign feedback …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

feedback_app = typer.Typer(help="What people think of what a model wrote.", no_args_is_help=True)


@feedback_app.command("list")
def list_all(
    tenant: Annotated[str, typer.Option("--tenant", help="name or id; all without")] = "",
    most: Annotated[int, typer.Option("--most", min=1, max=1_000, help="how many, the newest first")] = 50,
) -> None:
    """Show how many thumbs went up and down, and the newest of them with what was written beside."""
    from bot.settings import Settings
    from workers import feedback_cli

    raise typer.Exit(feedback_cli.listed(Settings(), tenant, most))
