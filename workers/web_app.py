"""The commands `countersign web …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

web_app = typer.Typer(
    help="Who may write to the bot on the web, and who vouches for them.", no_args_is_help=True
)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]


@web_app.command("token")
def token(
    email: Annotated[str, typer.Option("--as", help="the person's e-mail address, for which you vouch")],
    days: Annotated[int, typer.Option(min=1, max=365, help="how long it counts")] = 30,
    name: Annotated[str, typer.Option(help="what they are called, where nothing else says so")] = "",
    tenant: Tenant = "",
) -> None:
    """Make a token for one person. It is shown once and kept as a hash."""
    from bot.settings import Settings
    from workers import web_cli

    raise typer.Exit(web_cli.token(Settings(), email, days, name, tenant))


@web_app.command("secret")
def secret(tenant: Tenant = "") -> None:
    """Make a secret with which the tenant's own server signs sessions. It is shown once."""
    from bot.settings import Settings
    from workers import web_cli

    raise typer.Exit(web_cli.secret(Settings(), tenant))


@web_app.command("list")
def list_all(tenant: Tenant = "") -> None:
    """Show the tokens and secrets there are, without what opens anything."""
    from bot.settings import Settings
    from workers import web_cli

    raise typer.Exit(web_cli.listed(Settings(), tenant))


@web_app.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(help="as `countersign web list` shows it")], tenant: Tenant = ""
) -> None:
    """End a token, or all sessions signed with a secret, at once: open sockets too."""
    from bot.settings import Settings
    from workers import web_cli

    raise typer.Exit(web_cli.revoke(Settings(), id, tenant))


@web_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of what goes over the socket."""
    import json
    import sys

    from bot.platforms.web.manifest import manifest

    sys.stdout.write(json.dumps(manifest(), indent=2) + "\n")
