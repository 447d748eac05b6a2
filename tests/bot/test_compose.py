"""What is deployed: images pinned, nothing writable, every setting known and documented."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "front", "engine", "worker")
SETTINGS = {name.upper() for name in Settings.model_fields}
PINNED = re.compile(r"[\w./-]+:v?\d[\w.-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?")

EXAMPLE = (ROOT / ".env.example").read_text()
ASSIGNED = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_front_engine_worker_and_their_servers_are_there() -> None:
    assert set(SERVICES) == {*OURS, "postgres", "valkey", "vllm"}
    assert {name for name in SERVICES if "profiles" in SERVICES[name]} == {"vllm"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    assert PINNED.fullmatch(SERVICES[name]["image"])


def test_the_images_own_base_is_pinned_to_a_version() -> None:
    base = re.search(r"^ARG PYTHON=(\S+)$", DOCKERFILE, re.MULTILINE)

    assert base
    assert re.fullmatch(r"3\.\d+\.\d+-slim-\w+", base[1])
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"python:${PYTHON}"}


@pytest.mark.parametrize("name", OURS)
def test_every_setting_that_is_passed_exists(name: str) -> None:
    assert set(SERVICES[name]["environment"]) <= SETTINGS


# Where things are inside of the image, other clouds' and stand-ins' addresses, and what openapi.env holds.
NOT_PASSED = {
    "STATE_DIR", "POLICY_FILE", "TEAMS_ANONYMOUS", "TEAMS_OPENID_URL", "TEAMS_ISSUER", "TEAMS_LOGIN_URL",
    "SLACK_API_URL", "STRIPE_API_BASE", "OPENAPI",
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_every_setting_that_somebody_may_need_is_passed(name: str) -> None:
    assert SETTINGS - set(SERVICES[name]["environment"]) == NOT_PASSED


@pytest.mark.parametrize("name", OURS)
def test_settings_of_services_by_documents_come_from_a_file_of_their_own(name: str) -> None:
    assert SERVICES[name]["env_file"] == [{"path": "openapi.env", "required": False}]
    assert "openapi.env" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("name", OURS)
def test_every_variable_that_it_asks_the_env_file_for_is_documented_there(name: str) -> None:
    asked = re.findall(r"\$\{([A-Z_]+)", str(SERVICES[name]["environment"]))

    assert set(asked) <= set(ASSIGNED)


@pytest.mark.parametrize("name", ["front", "engine", "worker", "postgres", "valkey", "vllm"])
def test_every_service_that_stays_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]

    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_the_servers_do_not_run_as_root(name: str) -> None:
    assert SERVICES[name]["user"] == name


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published == ["127.0.0.1:3000:3000"]


@pytest.mark.parametrize("name", ["front", "engine", "worker"])
def test_the_owners_password_reaches_only_the_migration(name: str) -> None:
    assert "POSTGRES_PASSWORD" not in str(SERVICES[name])
    assert "POSTGRES_PASSWORD" in str(SERVICES["migrate"]["environment"])


def test_they_start_after_the_migration_and_their_servers() -> None:
    for name in ("front", "engine", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_only_those_who_ask_it_are_on_the_models_network() -> None:
    """vLLM answers some of its paths without a key, whatever it is told."""
    assert {name for name in SERVICES if "models" in SERVICES[name].get("networks", [])} == {
        "engine", "worker", "vllm",
    }  # fmt: skip
    assert SERVICES["vllm"]["networks"] == ["models"]
    assert "ports" not in SERVICES["vllm"]
    for name in ("engine", "worker"):
        assert "default" in SERVICES[name]["networks"]


def test_the_model_server_bounds_its_queue_and_ends_within_its_grace() -> None:
    flags = dict(each.removeprefix("--").partition("=")[::2] for each in SERVICES["vllm"]["command"])

    assert {
        "max-num-queued-reqs",
        "max-model-len",
        "max-num-seqs",
        "exclude-tools-when-tool-choice-none",
    } <= set(flags)
    assert int(flags["shutdown-timeout"]) < int(SERVICES["vllm"]["stop_grace_period"].removesuffix("s"))


def test_the_image_runs_as_nobody_and_holds_no_workbench() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "**"
    assert "bot/workbench" in ignored
    assert {"integrations/*/sandbox", "integrations/*/sandbox.py", "**/.env"} <= set(ignored)


def test_what_the_image_copies_is_let_through() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = [
        word.partition("/")[0]
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    ]

    assert set(copied) == let_through


def test_every_setting_is_documented_in_the_example() -> None:
    assert set(ASSIGNED) - SETTINGS == {"POSTGRES_PASSWORD"}
    assert SETTINGS - set(ASSIGNED) == set()


def test_every_default_in_the_example_is_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)
