"""The commands `countersign audit …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

audit_app = typer.Typer(help="Who did what, and whether anybody changed it since.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id; all without")]


@audit_app.command("verify")
def verify(
    tenant: Tenant = "",
    expect: Annotated[str, typer.Option(help="a head that was kept elsewhere: NUMBER:HASH")] = "",
) -> None:
    """Go along each chain, and name every entry that was changed, put in or taken out. 1: there is one."""
    from bot.settings import Settings
    from workers import audit_verify

    raise typer.Exit(audit_verify.verify(Settings(), tenant, expect))


@audit_app.command("restart")
def restart(
    reason: Annotated[str, typer.Option(help="why: it is kept in the audit")],
    tenant: Tenant = "",
    by: Annotated[
        str, typer.Option(help="e-mail of who does this; git's user.email where it is not given")
    ] = "",
) -> None:
    """Go on with an audit whose head is forged or gone, with an entry that says so, who did it and why.

    Nothing is repaired: verify tells ever after what was wrong before, and finds what is wrong since.
    """
    from bot.settings import Settings
    from workers import audit_restart

    raise typer.Exit(audit_restart.restart(Settings(), tenant, reason, by))


@audit_app.command("export")
def export(
    since: Annotated[
        str, typer.Option(help="from this day or time on, UTC: 2026-11-01 or 2026-11-01T08:00")
    ] = "",
    until: Annotated[str, typer.Option(help="and before this one")] = "",
    tenant: Tenant = "",
    names: Annotated[
        bool, typer.Option("--names", help="open what is personal, of those who were not forgotten")
    ] = False,
    script: Annotated[
        bool, typer.Option("--script", help="print the program that verifies an export, and nothing else")
    ] = False,
) -> None:
    """Print sealed entries as JSON Lines, with their hashes, so that anybody can verify them offline.

    `countersign audit export --script > verify.py` is the program for that: it needs Python and the file.
    """
    import sys

    from bot.settings import Settings
    from workers import audit_export

    if script:
        sys.stdout.write(audit_export.SCRIPT)
        raise typer.Exit(0)
    raise typer.Exit(audit_export.export(Settings(), tenant, since, until, names=names))
