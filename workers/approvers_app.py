"""The commands `countersign approvers …`: they only wire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

approvers_app = typer.Typer(
    help="Who is whose manager, and who wrote the rules last: they decide, or they do not.",
    no_args_is_help=True,
)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]


@approvers_app.command("managers")
def managers(
    file: Annotated[Path, typer.Argument(help="CSV with the columns email and manager")], tenant: Tenant = ""
) -> None:
    """Keep who is whose manager, instead of what was there; for `manager` in approvers."""
    from bot.settings import Settings
    from workers import approvers_cli

    raise typer.Exit(approvers_cli.managers(Settings(), file, tenant))


@approvers_app.command("wrote")
def wrote(
    email: Annotated[str, typer.Argument(help="who changed the active flows and policy last")],
    tenant: Tenant = "",
) -> None:
    """Note who wrote what is active now: they do not decide what comes of it."""
    from bot.settings import Settings
    from workers import approvers_cli

    raise typer.Exit(approvers_cli.wrote(Settings(), email, tenant))
