"""The commands `countersign experiments …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

experiments_app = typer.Typer(
    help="Which variant of a flow does better, and which was stopped.", no_args_is_help=True
)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]
Name = Annotated[str, typer.Argument(help="as `experiments list` shows it")]
Arm = Annotated[str, typer.Argument(help="one variant; without, all but the control")]


@experiments_app.command("list")
def list_all(tenant: Tenant = "") -> None:
    """Show every experiment with its variants, and how many people got each."""
    from bot.settings import Settings
    from workers import experiments_cli

    raise typer.Exit(experiments_cli.list_all(Settings(), tenant))


@experiments_app.command("show")
def show(name: Name, tenant: Tenant = "") -> None:
    """Show what came of each variant. It holds however often you look."""
    from bot.settings import Settings
    from workers import experiments_cli

    raise typer.Exit(experiments_cli.show(Settings(), name, tenant))


@experiments_app.command("stop")
def stop(
    name: Name,
    arm: Arm = "",
    reason: Annotated[str, typer.Option(help="why; kept in the audit")] = "",
    tenant: Tenant = "",
) -> None:
    """Give a variant to nobody new. Runs under way finish with it."""
    from bot.settings import Settings
    from workers import experiments_cli

    raise typer.Exit(experiments_cli.stop(Settings(), name, arm, reason, tenant))


@experiments_app.command("start")
def start(name: Name, arm: Arm = "", tenant: Tenant = "") -> None:
    """Give a stopped variant out again. Counting begins anew."""
    from bot.settings import Settings
    from workers import experiments_cli

    raise typer.Exit(experiments_cli.start(Settings(), name, arm, tenant))
