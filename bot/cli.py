"""The `countersign` program. It only wires: what a command does is written where it belongs.

Everything heavy is imported inside the command that needs it: the front starts in under a second.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import guards
from bot.errors import ConfigurationError, CountersignError
from workers.approvers_app import approvers_app
from workers.audit_app import audit_app
from workers.brand_app import brand_app
from workers.calibrate_app import calibrate
from workers.experiments_app import experiments_app
from workers.feedback_app import feedback_app
from workers.forget_app import export_app, forget
from workers.grants_app import approvals_app, grants_app
from workers.ingest_app import ingest, knowledge_app
from workers.models_app import models_app
from workers.ops_app import dead_app, pause, resume
from workers.policy_app import policy_app
from workers.schedules_app import schedules_app
from workers.services_app import secrets_app, services_app
from workers.tools_app import tools_app
from workers.tuning_app import tuning
from workers.web_app import web_app

if TYPE_CHECKING:
    from bot.serving import Part
    from bot.settings import Settings

app = typer.Typer(
    name="countersign",
    help="A bot for Slack and Teams that does nothing that matters until a person has countersigned it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print local variables
)
flows_app = typer.Typer(help="The conversations, as YAML in flows/catalog.", no_args_is_help=True)
manifest_app = typer.Typer(help="What a new Slack app or Teams app is made from.", no_args_is_help=True)
app.add_typer(flows_app, name="flows")
app.add_typer(tools_app, name="tools")
app.add_typer(dead_app, name="dead")
app.add_typer(approvers_app, name="approvers")
app.add_typer(audit_app, name="audit")
app.add_typer(brand_app, name="brand")
export_app.command("tuning")(tuning)
app.add_typer(approvals_app, name="approvals")
app.add_typer(grants_app, name="grants")
app.command("forget")(forget)
app.add_typer(export_app, name="export")
app.command("calibrate")(calibrate)
app.command("ingest")(ingest)
app.add_typer(knowledge_app, name="knowledge")
app.add_typer(manifest_app, name="manifest")
app.add_typer(experiments_app, name="experiments")
app.add_typer(feedback_app, name="feedback")
app.add_typer(models_app, name="models")
app.add_typer(services_app, name="services")
app.add_typer(policy_app, name="policy")
app.add_typer(schedules_app, name="schedules")
app.add_typer(secrets_app, name="secrets")
app.add_typer(web_app, name="web")

UnderUp = Annotated[bool, typer.Option("--under-up", hidden=True)]


def main() -> int:
    """What we know how to say is said in a line; the rest is a bug, and shows its trace."""
    from pydantic import ValidationError

    try:
        app()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            _complain(f"{'.'.join(map(str, problem['loc'])).upper()}: {problem['msg']}")
    except CountersignError as error:
        _complain(str(error))
    except ExceptionGroup as group:
        ours = group.subgroup(CountersignError)
        if ours is None:
            raise
        _complain(str(_first(ours)))
    return 1


@app.command()
def up() -> None:
    """Run everything in this terminal: servers, front, engine, worker and the workbench."""
    from rich.console import Console

    from bot import up as whole

    raise typer.Exit(whole.run(_settings(), Console()))


@app.command()
def serve(
    role: Annotated[str, typer.Option(help="front, engine or all")] = "all", under_up: UnderUp = False
) -> None:
    """Run the front, the engine, or both, until SIGTERM."""
    if role not in {"front", "engine", "all"}:
        raise typer.BadParameter("front, engine or all", param_hint="--role")
    settings = _start(under_up, "engine" if role == "engine" else "front")
    parts: list[Part] = []
    if role in {"front", "all"}:
        from workers import front

        parts.append(partial(front.run, settings))
    if role in {"engine", "all"}:
        from workers import engine

        parts.append(partial(engine.run, settings))
    _run(settings, parts)


@app.command("up-front", hidden=True)
def up_front() -> None:
    """The front with the workbench and the stand-ins; only `up` starts it."""
    settings = _start(True, "front")
    from workers import bench

    _run(settings, [partial(bench.run, settings)])


@app.command()
def worker(under_up: UnderUp = False) -> None:
    """Run the Celery worker, which makes the slow calls to outside services."""
    settings = _start(under_up, "worker")
    from bot import lifeline
    from bot.metrics import metrics

    lifeline.watch()
    if settings.metrics_port:
        from prometheus_client import start_http_server

        start_http_server(settings.metrics_port, settings.host, metrics().registry)
    from workers.app import run_worker

    run_worker(settings)


@app.command()
def migrate(
    flows: Annotated[bool, typer.Option("--flows", help="push the flows of the catalogue as well")] = False,
) -> None:
    """Bring the database to today's schema, and make the role that everything else acts as."""
    settings = _settings()
    dsn = _migrate(settings)
    if flows:
        _push(dsn, settings)
    typer.echo("The database is up to date.")


@app.command(hidden=True)
def prepare() -> None:
    """Migrate, push the flows, and print for `up` what the others need to know."""
    settings = _settings()
    dsn = _migrate(settings)
    _push(dsn, settings)
    typer.echo(json.dumps({"DATABASE_URL": dsn}))


@app.command()
def doctor() -> None:
    """Check credentials, scopes, database and broker, and say what to fix."""
    from workers.doctor import check

    raise typer.Exit(check(_settings()))


@app.command()
def version() -> None:
    """Print the version."""
    from importlib import metadata

    pyproject = Path(__file__).resolve().parent.parent / "pyproject.toml"
    if pyproject.exists():
        import tomllib

        typer.echo(tomllib.loads(pyproject.read_text())["project"]["version"])
    else:
        typer.echo(metadata.version("countersign"))


Folder = Annotated[Path, typer.Option("--catalog", help="the folder of the flows")]
CATALOG = Path("flows/catalog")
Tenant = Annotated[str, typer.Option("--tenant", help="name or id of another tenant than your own")]
Yes = Annotated[bool, typer.Option("--yes", help="even where runs wait or decisions would change")]
By = Annotated[str, typer.Option(help="e-mail of who wrote it; for push, else git's user.email")]


@flows_app.callback()
def flows_begin() -> None:
    """Whichever command it is: a flow may call what an OpenAPI document tells of."""
    _settings()


@flows_app.command("lint")
def flows_lint(catalog: Folder = CATALOG) -> None:
    """Name file, line, step and field of every mistake. Needs no database."""
    from workers import flows_cli

    raise typer.Exit(flows_cli.lint(catalog))


@flows_app.command("push")
def flows_push(catalog: Folder = CATALOG, tenant: Tenant = "", yes: Yes = False, by: By = "") -> None:
    """Store what changed as new versions, and make them active."""
    from workers import authors, flows_cli

    ask, by = typer.confirm if sys.stdin.isatty() else None, authors.author(by)
    raise typer.Exit(flows_cli.push(_settings(), catalog, tenant, yes=yes, ask=ask, by=by))


@flows_app.command("list")
def flows_list(tenant: Tenant = "") -> None:
    """Show every flow with its versions, and which one is active."""
    from workers import flows_cli

    raise typer.Exit(flows_cli.list_all(_settings(), tenant))


@flows_app.command("show")
def flows_show(flow: str, version: str = "", tenant: Tenant = "") -> None:
    """Print a stored flow; the active version where none is named."""
    from workers import flows_cli

    raise typer.Exit(flows_cli.show(_settings(), flow, version, tenant))


@flows_app.command("graph")
def flows_graph(flow: str, catalog: Folder = CATALOG) -> None:
    """Print a flow of the catalogue as a Mermaid diagram. Needs no database."""
    from workers import flows_cli

    raise typer.Exit(flows_cli.graph(catalog, flow))


@flows_app.command("activate")
def flows_activate(flow: str, version: str, tenant: Tenant = "", yes: Yes = False, by: By = "") -> None:
    """Let new runs begin on another version; those under way stay on theirs."""
    from workers import authors, flows_cli

    ask, by = typer.confirm if sys.stdin.isatty() else None, authors.author(by) if by else ""
    raise typer.Exit(flows_cli.activate(_settings(), flow, version, tenant, yes=yes, ask=ask, by=by))


@flows_app.command("diff")
def flows_diff(
    what: Annotated[str, typer.Argument(help="a flow's file, or the name of a flow")],
    to: Annotated[str, typer.Option(help="a stored version of it, where no file is named")] = "",
    last: Annotated[int, typer.Option(min=1, max=5000, help="how many recorded runs to play")] = 200,
    fail_on_change: Annotated[
        bool, typer.Option("--fail-on-change", help="end with 1 where a decision would change")
    ] = False,
    tenant: Tenant = "",
) -> None:
    """Show which runs wait, and which recorded decisions would change, before it is activated."""
    from workers import flows_cli

    settings = _settings()
    raise typer.Exit(flows_cli.diff(settings, what, to, last, tenant, fail_on_change=fail_on_change))


@flows_app.command("test")
def flows_test(
    paths: Annotated[list[Path] | None, typer.Argument(help="flows, test files, or folders of them")] = None,
    coverage: Annotated[int, typer.Option(min=0, max=100, help="least percentage of steps")] = 0,
    junit: Annotated[Path | None, typer.Option(help="write JUnit's XML there as well")] = None,
) -> None:
    """Play the conversations written in `tests` beside the flows. Needs no database and no network."""
    from workers import flows_test

    raise typer.Exit(flows_test.play_all(paths or [], coverage, junit))


@manifest_app.command("slack")
def manifest_slack(
    socket: Annotated[
        bool, typer.Option("--socket", help="for Socket Mode, without a public address")
    ] = False,
) -> None:
    """Print the manifest that Slack makes a new app from."""
    from bot.platforms.slack.manifest import PLACEHOLDER_URL, manifest_yaml

    settings = _settings()
    mode = socket or settings.slack_app_token is not None
    typer.echo(manifest_yaml(settings.public_url or PLACEHOLDER_URL, socket_mode=mode), nl=False)


@manifest_app.command("teams")
def manifest_teams(
    out: Annotated[Path, typer.Option(help="where to write the zip")] = Path("teams.zip"),
) -> None:
    """Build the app package that Teams' admin centre takes."""
    from bot.platforms.teams.manifest import package

    out.write_bytes(package(_settings()))
    typer.echo(f"{out} is ready to be uploaded.")


app.command()(pause)
app.command()(resume)


def _push(dsn: str, settings: Settings) -> None:
    from flows.errors import FlowError
    from workers.push import policy_of, push_catalog

    try:
        push_catalog(dsn, secret_key=settings.secret("secret_key"), policy=policy_of(settings))
    except FlowError as error:
        raise ConfigurationError(f"The flows cannot be pushed.\n{error}") from error


def _settings() -> Settings:
    from bot.settings import Settings
    from workers import documents

    settings = Settings()
    documents.learn(settings, load=False)
    return settings


def _start(under_up: bool, role: str) -> Settings:
    """Settings that may serve; log and traces set up. Under `up` each role has a metrics port of its own."""
    from bot import log, tracing

    settings = _settings()
    log.set_up(settings.log_level)
    guards.check_serve(settings, under_up=under_up)
    tracing.set_up(settings.otel_exporter_otlp_endpoint, role)
    if under_up and settings.metrics_port:
        own = settings.metrics_port + ("front", "engine", "worker").index(role)
        settings = settings.model_copy(update={"metrics_port": own})
    return settings


def _run(settings: Settings, parts: list[Part]) -> None:
    from bot import serving
    from workers import observe

    serving.run([*parts, partial(serving.serve_metrics, settings), partial(observe.run, settings)])


def _migrate(settings: Settings) -> str:
    """The address of the application's role."""
    from workers.migrate import migrate as bring_up_to_date

    guards.require_secret_key(settings)
    guards.require_database(settings)
    return bring_up_to_date(settings.secret("database_url"), settings.secret("secret_key"))


def _complain(text: str) -> None:
    sys.stderr.write(f"✗ {text}\n")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first cause, however deep the task groups are nested."""
    one = group.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one


if __name__ == "__main__":
    sys.exit(main())
