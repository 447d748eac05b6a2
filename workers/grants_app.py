"""The commands `countersign grants …` and `countersign approvals …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

grants_app = typer.Typer(
    help="What approvers let run alone for a time, where the policy says that they may.", no_args_is_help=True
)
approvals_app = typer.Typer(
    help="What waits for a decision, and how decisions are made.", no_args_is_help=True
)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]


@grants_app.command("add")
def add(
    words: Annotated[list[str], typer.Argument(help="tool=stripe.charge each=20.00 currency=usd days=30 …")],
    tenant: Tenant = "",
) -> None:
    """Ask the approvers to let calls run alone: nothing does before they have agreed."""
    from bot.settings import Settings
    from workers import documents, grants_cli

    settings = Settings()
    documents.learn(settings, load=False)
    raise typer.Exit(grants_cli.add(settings, " ".join(words), tenant))


@grants_app.command("list")
def list_grants(tenant: Tenant = "") -> None:
    """Show what runs alone by a grant, and what is proposed."""
    from bot.settings import Settings
    from workers import grants_cli

    raise typer.Exit(grants_cli.list_grants(Settings(), tenant))


@grants_app.command("revoke")
def revoke(
    number: Annotated[int, typer.Argument(min=1, help="as `countersign grants list` shows it")],
    reason: Annotated[str, typer.Option(help="told to those who made it")] = "",
    tenant: Tenant = "",
) -> None:
    """End a grant at once; those who made it are told."""
    from bot.settings import Settings
    from workers import grants_cli

    raise typer.Exit(grants_cli.revoke(Settings(), number, reason[:300], tenant))


@approvals_app.command("list")
def waiting(tenant: Tenant = "") -> None:
    """Show what waits for a decision, what a mistake would cost most first."""
    from bot.settings import Settings
    from workers import grants_cli

    raise typer.Exit(grants_cli.waiting(Settings(), tenant))


@approvals_app.command("stats")
def stats(
    days: Annotated[int, typer.Option(min=1, max=365, help="of how many days")] = 7, tenant: Tenant = ""
) -> None:
    """Tell, by tool, how long decisions take, how often people decide otherwise, and what waits for whom."""
    from bot.settings import Settings
    from workers import grants_cli

    raise typer.Exit(grants_cli.stats(Settings(), days, tenant))
