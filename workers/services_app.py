"""The commands `countersign services …` and `countersign secrets …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

services_app = typer.Typer(help="Whose Stripe, Jira, GitHub or Notion is called.", no_args_is_help=True)
secrets_app = typer.Typer(help="What is sealed with SECRET_KEY.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]
Service = Annotated[str, typer.Argument(help="stripe, jira, github or notion")]


@services_app.callback()
def begin() -> None:
    """Whichever command it is: services by OpenAPI documents are among them."""
    from bot.settings import Settings
    from workers import documents

    documents.learn(Settings())


@services_app.command("list")
def list_all(tenant: Tenant = "") -> None:
    """Show each service: whether it is connected, as whom, and by what."""
    from bot.settings import Settings
    from workers import services_cli

    raise typer.Exit(services_cli.listed(Settings(), tenant))


@services_app.command("show")
def show(service: Service, tenant: Tenant = "") -> None:
    """Show what is kept, and where webhooks go. A secret that the service itself sent is shown once."""
    from bot.settings import Settings
    from workers import services_cli

    raise typer.Exit(services_cli.show(Settings(), tenant, service))


@services_app.command("set")
def put(
    service: Service,
    pairs: Annotated[
        list[str], typer.Argument(help="NAME=VALUE; of a secret NAME=@file, or NAME=- for stdin")
    ],
    tenant: Tenant = "",
) -> None:
    """Keep settings of a service, sealed. They count at the next call."""
    from bot.settings import Settings
    from workers import services_cli

    raise typer.Exit(services_cli.put(Settings(), tenant, service, pairs))


@services_app.command("unset")
def unset(
    service: Service,
    names: Annotated[list[str] | None, typer.Argument(help="which settings; all without")] = None,
    tenant: Tenant = "",
) -> None:
    """Forget settings of a service, or all of them with the address of its webhook."""
    from bot.settings import Settings
    from workers import services_cli

    raise typer.Exit(services_cli.unset(Settings(), tenant, service, names or ()))


@services_app.command("check")
def check(
    service: Annotated[str, typer.Argument(help="one of them; all without")] = "", tenant: Tenant = ""
) -> None:
    """Ask each service who we are there and what we may not do."""
    from bot.settings import Settings
    from workers import services_cli

    raise typer.Exit(services_cli.check(Settings(), tenant, service))


@secrets_app.command("rotate")
@services_app.command("rotate", hidden=True)
def rotate() -> None:
    """Seal everything anew with the first key of SECRET_KEY. It may be stopped and begun again."""
    from bot.settings import Settings
    from workers import rotation

    raise typer.Exit(rotation.rotate(Settings()))
