"""The command `countersign export tuning`: it only wires."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def tuning(
    out: Annotated[Path, typer.Option(help="the file, which must not be there yet")],
    tenant: Annotated[str, typer.Option("--tenant", help="name or id; all without")] = "",
) -> None:
    """Write approved conversations of consenting people for fine-tuning, redacted, and none from Slack."""
    from bot.settings import Settings
    from workers import tuning_cli

    raise typer.Exit(tuning_cli.export(Settings(), tenant, out))
