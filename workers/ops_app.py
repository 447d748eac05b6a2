"""The commands `countersign dead …`, `pause` and `resume`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

dead_app = typer.Typer(help="What went wrong for good and waits for somebody.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(help="as `dead list` shows it")]


@dead_app.command("list")
def dead_list(tenant: Annotated[str, typer.Option(help="name or id; all without")] = "") -> None:
    """Show what failed for good, or whose outcome nobody knows: since when, what, for whom, and why."""
    from bot.settings import Settings
    from workers import ops

    raise typer.Exit(ops.listed(Settings(), tenant))


@dead_app.command("show")
def dead_show(reference: Reference) -> None:
    """Show all that is known of one, without what people wrote."""
    from bot.settings import Settings
    from workers import ops

    raise typer.Exit(ops.show(Settings(), reference))


@dead_app.command("retry")
def dead_retry(reference: Reference) -> None:
    """Try one again. A call to a service keeps its key, so that it cannot happen twice."""
    from bot.settings import Settings
    from workers import ops

    raise typer.Exit(ops.retry(Settings(), reference))


@dead_app.command("drop")
def dead_drop(
    reference: Reference, reason: Annotated[str, typer.Option(help="why; kept in the audit")]
) -> None:
    """Leave one for good."""
    from bot.settings import Settings
    from workers import ops

    raise typer.Exit(ops.drop(Settings(), reference, reason))


def pause(tenant: Annotated[str, typer.Argument(help="name or id; all without")] = "") -> None:
    """Stop everything that acts on the outside, at once. People are still heard and answered."""
    from bot.settings import Settings
    from workers import ops

    raise typer.Exit(ops.pause(Settings(), tenant, True))


def resume(tenant: Annotated[str, typer.Argument(help="name or id; all without")] = "") -> None:
    """Go on where `pause` stopped; nothing was lost."""
    from bot.settings import Settings
    from workers import ops

    raise typer.Exit(ops.pause(Settings(), tenant, False))
