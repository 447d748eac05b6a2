"""The command `countersign calibrate`: it only wires."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def calibrate(
    sentences: Annotated[Path, typer.Argument(help='lines of {"text": …, "flow": …}; an empty flow is none')],
    catalog: Annotated[Path, typer.Option("--catalog", help="the folder of the flows")] = Path(
        "flows/catalog"
    ),
    keep: Annotated[bool, typer.Option(help="keep the fit for this model and prompt")] = True,
) -> None:
    """Fit how sure MODEL says it is to how often it is right."""
    from bot.settings import Settings
    from workers import calibrate as calibrating

    raise typer.Exit(calibrating.run(Settings(), sentences, catalog, keep))
