"""The commands `countersign models …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

models_app = typer.Typer(
    help="What models were asked, what it cost, and how much it may.", no_args_is_help=True
)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]


@models_app.command("use")
def use(
    month: Annotated[str, typer.Option(help="like 2026-11; this month without")] = "", tenant: Tenant = ""
) -> None:
    """Show tokens and cost of a month, by model and person, and what is left of the budget."""
    from bot.settings import Settings
    from workers import models_cli

    raise typer.Exit(models_cli.use(Settings(), month, tenant))


@models_app.command("budget")
def budget(
    month: Annotated[float | None, typer.Option(help="US dollars a month, for all together")] = None,
    person: Annotated[float | None, typer.Option(help="US dollars a month, for each person")] = None,
    tokens: Annotated[int | None, typer.Option(help="tokens a month, for all together")] = None,
    person_tokens: Annotated[int | None, typer.Option(help="tokens a month, for each person")] = None,
    ask: Annotated[str, typer.Option(help="who can raise it, as people are told")] = "",
    drop: Annotated[bool, typer.Option("--drop", help="what the settings say counts again")] = False,
    tenant: Tenant = "",
) -> None:
    """Show a tenant's budget, or set it: what is not named then has no limit."""
    from bot.settings import Settings
    from workers import models_cli

    wanted = models_cli.wanted(month, person, tokens, person_tokens, ask)
    raise typer.Exit(models_cli.budget(Settings(), wanted, drop, tenant))
