"""What others wrote and we ship: locked by hashes, listed in the bill of materials, audited."""

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import audit
import sbom
from audit import NOT_AUDITED, UNWELL, WELL, Found
from database_server import Server
from licences import is_allowed, licence_of
from locked import DEV, ROOT, RUNTIME, locked

HASH = "sha256:" + "0" * 64
ELSEWHERE = "https://elsewhere.example"
WANTED = frozenset({"one", "two"})


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    """The bill of materials as it is written."""
    made: dict[str, Any] = json.loads(sbom.written(sbom.bill()))
    return made


def _hashes(part: dict[str, Any]) -> set[str]:
    return {each["content"] for each in part["hashes"] if each["alg"] == "SHA-256"}


@pytest.mark.parametrize("path", [RUNTIME, DEV], ids=lambda path: path.name)
def test_each_line_of_a_lock_file_is_a_pinned_release_with_hashes(path: Path) -> None:
    """No index, no repository, no file, no range; and no release stands there twice."""
    found = locked(path)
    assert len(found) > 50
    assert len({(each.name, each.marker) for each in found}) == len(found)
    here = [each.name for each in found if each.is_for_here]
    assert len(set(here)) == len(here)


def test_what_is_tested_is_what_runs() -> None:
    """Each release that runs stands in the lock file of the tests too, with the same hashes."""
    assert set(locked(RUNTIME)) <= set(locked(DEV))


@pytest.mark.parametrize(
    "line",
    [
        "segno==1.6.6",
        f"segno>=1.6.6 --hash={HASH}",
        f"segno @ git+https://example.org/segno --hash={HASH}",
        f"segno @ https://example.org/segno.whl --hash={HASH}",
        f"./segno --hash={HASH}",
        f"-e segno==1.6.6 --hash={HASH}",
        f"--index-url {ELSEWHERE}/simple",
        f"--extra-index-url={ELSEWHERE}/simple",
        f"--find-links {ELSEWHERE}/",
        "segno==1.6.6 --hash=md5:0123456789abcdef0123456789abcdef",
        f"segno==1.6.6 --hash={HASH} --hash=sha256:12",
    ],
)
def test_any_other_line_is_refused(line: str, tmp_path: Path) -> None:
    """A lock file can't say where from, nor leave a hash out."""
    path = tmp_path / "lock.txt"
    path.write_text(f"segno==1.6.6 \\\n    --hash={HASH}\n{line}\n")
    with pytest.raises(ValueError, match="no pinned release"):
        locked(path)


def test_each_locked_release_is_in_the_bill_with_its_hashes(bill: dict[str, Any]) -> None:
    """Name, version, address, licence and every hash that the lock file demands."""
    parts = {part["purl"]: part for part in bill["components"]}
    for each in locked(RUNTIME):
        part = parts[f"pkg:pypi/{each.name}@{each.version}"]
        assert _hashes(part) == set(each.hashes), each.name
        assert (part["name"], part["version"]) == (each.name, each.version)
        assert part["licenses"], each.name


def test_each_file_of_others_that_is_kept_here_is_in_the_bill(bill: dict[str, Any]) -> None:
    """Scripts and styles as they lie in the tree, by their hash; and PostgreSQL."""
    kept = {path.name for path in sbom.STATIC.iterdir() if ".min." in path.name}
    assert kept == {each.file for each in sbom.VENDORED}
    told = set().union(*map(_hashes, bill["components"]))
    for name in kept:
        assert sha256((sbom.STATIC / name).read_bytes()).hexdigest() in told, name


def test_each_postgresql_that_comes_along_is_in_the_bill(
    bill: dict[str, Any], postgres: Server
) -> None:
    """The one that runs is among them, by the version that it tells itself."""
    told = {part["version"] for part in bill["components"] if part["name"] == "postgresql"}
    row = postgres.admin.execute("SHOW server_version").fetchone()
    assert row is not None
    assert row[0] in told


def test_vendored_versions_are_those_that_were_decided() -> None:
    """What the bill says of a kept file stands in the decision, and in the file where it can."""
    decided = (ROOT / "docs/adr/0020-pages-from-the-server.md").read_text("utf-8")
    for each in sbom.VENDORED:
        assert f" {each.version} ({each.licence})" in decided, each.file
    pico = (sbom.STATIC / "pico.classless.min.css").read_text("utf-8")
    assert f"v{sbom.VENDORED[-1].version} " in pico[:200]


def test_the_same_tree_makes_the_same_bill(bill: dict[str, Any]) -> None:
    """Nothing in it is of the moment, so that two builds can be compared."""
    assert json.loads(sbom.written(sbom.bill())) == bill
    assert bill["specVersion"] == "1.6"


def test_each_licence_is_one_that_we_take() -> None:
    """Each package that runs comes under a licence of the list, or under a choice of one."""
    told = {each.name: licence_of(each.name) for each in locked(RUNTIME)}
    assert {name: licence for name, licence in told.items() if not is_allowed(licence)} == {}


@pytest.mark.parametrize(
    ("expression", "is_taken"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("(MIT AND ISC) OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        ("", False),
    ],
)
def test_a_licence_is_taken_as_it_is_offered(expression: str, is_taken: bool) -> None:  # noqa: FBT001
    """Of a choice one suffices, of a sum each must be on the list; none is no licence."""
    assert is_allowed(expression) is is_taken


def _answer(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_an_audit_is_well_only_where_each_package_was_answered_for() -> None:
    """A package that was skipped was not audited, whatever else the service says."""
    well = [{"name": name, "version": "1", "vulns": []} for name in ("one", "Two")]
    assert audit.verdict(WANTED, audit.found_in(_answer(*well)))[0] == WELL
    skipped = {"name": "two", "skip_reason": "not found"}
    code, said = audit.verdict(WANTED, audit.found_in(_answer(well[0], skipped)))
    assert (code, "1 of 2" in said) == (NOT_AUDITED, True)


@pytest.mark.parametrize("answer", ["", "no JSON", "{}", "[]", '{"dependencies": null}'])
def test_a_service_that_can_not_be_reached_is_no_good_news(answer: str) -> None:
    """Without an answer nothing is well: there is a code of its own, and words."""
    code, said = audit.verdict(WANTED, audit.found_in(answer))
    assert code == NOT_AUDITED
    assert "NOT AUDITED" in said


def test_one_vulnerable_package_is_enough() -> None:
    """Even where the service answered for no other; its id is told."""
    known = {"name": "One", "version": "1", "vulns": [{"id": "CVE-2026-0001"}]}
    code, said = audit.verdict(WANTED, audit.found_in(_answer(known)))
    assert code == UNWELL
    assert "one 1: CVE-2026-0001" in said


def test_an_unreachable_service_ends_with_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both services are asked, and the end tells that it is none."""
    asked: list[str] = []
    monkeypatch.setattr(audit, "ask", lambda service: asked.append(service) or Found())
    assert audit.main() == NOT_AUDITED
    assert asked == list(audit.SERVICES)
    assert "NOT AUDITED" in capsys.readouterr().out


def test_a_barred_licence_ends_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found before anybody is asked."""
    monkeypatch.setattr(audit, "licence_of", lambda name: "" if name == "segno" else "MIT")
    monkeypatch.setattr(audit, "ask", lambda _: pytest.fail("asked all the same"))
    assert audit.main() == UNWELL


def test_new_releases_rest_and_ci_audits() -> None:
    """Locking passes over releases younger than a week; CI runs the audit and hears code 3."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(r'^LOCK := .*--exclude-newer "1 week"', makefile, re.MULTILINE)
    assert re.search(r"^sbom:.*\n\t.*reliability/supply_chain/sbom\.py", makefile, re.MULTILINE)
    ci = (ROOT / ".ci/run").read_text("utf-8")
    assert "reliability/supply_chain/audit.py" in ci
    assert re.search(rf"^\s*{NOT_AUDITED}\)", ci, re.MULTILINE)
