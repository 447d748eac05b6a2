"""The commands `countersign ingest` and `countersign knowledge …`: they only wire."""

from __future__ import annotations

from typing import Annotated

import typer

knowledge_app = typer.Typer(help="The pages that questions are answered from.", no_args_is_help=True)

Tenant = Annotated[str, typer.Option(help="name or id; your own without")]


def ingest(
    what: Annotated[
        str, typer.Argument(help="a folder, a file, https://…, notion, github or confluence-export")
    ],
    path: Annotated[str, typer.Argument(help="the zip of a Confluence export, or owner/repository")] = "",
    channel: Annotated[
        list[str] | None,
        typer.Option(help="found in this channel only, as in slack:C0123ABCD; several may be"),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="found by members of this group of the policy, in private")
    ] = None,
    link: Annotated[str, typer.Option(help="the address under which people find the same files")] = "",
    tenant: Tenant = "",
) -> None:
    """Read pages in, so that questions are answered from them. Again, it reads only what changed."""
    from bot.settings import Settings
    from workers.knowledge import cli

    raise typer.Exit(cli.ingest(Settings(), what, path, channel or [], group or [], link, tenant))


@knowledge_app.command("list")
def knowledge_list(tenant: Tenant = "") -> None:
    """Show what was read in, and who may find it."""
    from bot.settings import Settings
    from workers.knowledge import cli

    raise typer.Exit(cli.listed(Settings(), tenant))


@knowledge_app.command("find")
def knowledge_find(
    question: Annotated[str, typer.Argument(help="as somebody would ask it")],
    channel: Annotated[str, typer.Option(help="as if asked there")] = "",
    tenant: Tenant = "",
) -> None:
    """Show which passages a question finds, and how well."""
    from bot.settings import Settings
    from workers.knowledge import cli

    raise typer.Exit(cli.find(Settings(), question, channel, tenant))


@knowledge_app.command("drop")
def knowledge_drop(
    source: Annotated[str, typer.Argument(help="as `knowledge list` shows it")], tenant: Tenant = ""
) -> None:
    """Forget all that was read in from one source."""
    from bot.settings import Settings
    from workers.knowledge import cli

    raise typer.Exit(cli.drop(Settings(), source, tenant))
