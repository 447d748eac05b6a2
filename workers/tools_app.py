"""The commands `countersign tools …`: they only wire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

tools_app = typer.Typer(help="What the bot can do, and what each of it risks.", no_args_is_help=True)


@tools_app.command("list")
def list_all(
    document: Annotated[str, typer.Argument(help="a name in OPENAPI, for all that it offers")] = "",
    catalog: Annotated[Path, typer.Option("--catalog", help="the folder of the flows")] = Path(
        "flows/catalog"
    ),
) -> None:
    """Show every tool with its risk, whether it can be undone, and where it comes from."""
    from bot.settings import Settings
    from workers import tools_cli

    raise typer.Exit(tools_cli.list_all(Settings(), document, catalog))


@tools_app.command("show")
def show(name: Annotated[str, typer.Argument(help="as `tools list` shows it")]) -> None:
    """Print what a tool's arguments must be, and a step of a flow that calls it."""
    from bot.settings import Settings
    from workers import tools_cli

    raise typer.Exit(tools_cli.show(Settings(), name))
