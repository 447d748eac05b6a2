"""The commands `countersign policy …`: they only wire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workers import learning_app

policy_app = typer.Typer(
    help="What may run alone, what is asked about, and what never runs.", no_args_is_help=True
)

Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]
File = Annotated[Path | None, typer.Argument(help="without one, POLICY_FILE")]


learning_app.add(policy_app)


@policy_app.command("lint")
def lint(file: File = None) -> None:
    """Name every mistake of a policy file, with its line and what would be right."""
    from bot.settings import Settings
    from workers import policy_cli

    raise typer.Exit(policy_cli.check(Settings(), file))


@policy_app.command("push")
def push(
    file: File = None,
    tenant: Tenant = "",
    last: Annotated[int, typer.Option(help="how many recorded calls of a flow are looked at")] = 200,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    by: Annotated[
        str, typer.Option(help="e-mail of who wrote it; git's user.email where it is not given")
    ] = "",
) -> None:
    """Say which recorded calls would be decided otherwise, then make the policy live."""
    from bot.settings import Settings
    from workers import authors, policy_cli

    ask, by = typer.confirm, authors.author(by)
    raise typer.Exit(policy_cli.push(Settings(), file, tenant, last, yes=yes, ask=ask, by=by))


@policy_app.command("list")
def list_all(tenant: Tenant = "") -> None:
    """Show every stored version, and which is active or tried out."""
    from bot.settings import Settings
    from workers import policy_cli

    raise typer.Exit(policy_cli.list_all(Settings(), tenant))


@policy_app.command("show")
def show(
    version: Annotated[str, typer.Argument(help="its beginning is enough; without, the active one")] = "",
    tenant: Tenant = "",
) -> None:
    """Print a stored policy as a file."""
    from bot.settings import Settings
    from workers import policy_cli

    raise typer.Exit(policy_cli.show(Settings(), version, tenant))


@policy_app.command("explain")
def explain(
    tool: Annotated[str, typer.Argument(help="as `tools list` shows it")],
    given: Annotated[list[str] | None, typer.Option("--with", help="an argument: key=value")] = None,
    email: Annotated[str, typer.Option("--as", help="the e-mail address of whoever asks")] = "",
    confidence: Annotated[float | None, typer.Option(help="how sure we are: 0 to 1")] = None,
    at: Annotated[str, typer.Option(help="when, in UTC: 2026-11-22T23:00; without, now")] = "",
    first_time: Annotated[
        bool, typer.Option("--first-time", help="as if it were done for the first time")
    ] = False,
    used: Annotated[str, typer.Option(help="used up before of each limit: 150.00 usd, or 9 calls")] = "",
    file: Annotated[Path | None, typer.Option(help="another file than POLICY_FILE")] = None,
    stored: Annotated[bool, typer.Option("--stored", help="what is live instead of a file")] = False,
    tenant: Tenant = "",
    json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Say which rule decides about a call, and why; and of every other rule why it does not."""
    from bot.settings import Settings
    from workers import policy_cli

    raise typer.Exit(
        policy_cli.explain(
            Settings(), tool, given or (), email, confidence, at,
            path=file, stored=stored or bool(tenant), tenant=tenant,
            first_time=first_time, used=used, as_json=json,
        )
    )  # fmt: skip
