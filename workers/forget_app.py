"""The commands `countersign forget` and `countersign export person`: they only wire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

export_app = typer.Typer(help="What is kept about somebody, for that person to read.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]
Who = Annotated[str, typer.Argument(help="an e-mail address, an account's id, or platform:workspace:user")]


def forget(
    who: Who = "",
    tenant: Tenant = "",
    block: Annotated[bool, typer.Option("--block", help="and never hear these accounts again")] = False,
    unblock: Annotated[bool, typer.Option("--unblock", help="hear platform:workspace:user again")] = False,
    marks: Annotated[
        bool, typer.Option("--marks", help="print keyed hashes of who was forgotten, to keep with backups")
    ] = False,
    again: Annotated[
        Path | None, typer.Option("--again", help="that file, after a backup was restored: forget them anew")
    ] = None,
    token: Annotated[
        bool, typer.Option("--token", help="print the token for POST /forget, and nothing else")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="show who was forgotten when, by receipt")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask whether it is meant")] = False,
) -> None:
    """Erase everything that is kept about a person; prints the receipt. 2: begun, and not done yet."""
    from bot.settings import Settings
    from workers.forget import cli

    settings = Settings()
    if list_:
        raise typer.Exit(cli.listed(settings, tenant))
    if token:
        raise typer.Exit(cli.token(settings, tenant))
    if marks:
        raise typer.Exit(cli.marks(settings, tenant))
    if again is not None:
        raise typer.Exit(cli.again(settings, again, tenant))
    if not who:
        raise typer.BadParameter("Say who: an e-mail address, or an account.")
    if unblock:
        raise typer.Exit(cli.unblock(settings, who, tenant))
    if not yes:
        typer.confirm("This erases everything about them, and nobody can take it back. Go on?", abort=True)
    raise typer.Exit(cli.forget(settings, who, tenant, block=block))


@export_app.command("person")
def person(
    who: Who,
    out: Annotated[Path, typer.Option("--out", help="an empty folder, or one to be made")],
    tenant: Tenant = "",
) -> None:
    """Write all that is kept about a person as JSON Lines, a file for each table."""
    from bot.settings import Settings
    from workers.forget import cli

    raise typer.Exit(cli.export_person(Settings(), who, out, tenant))
