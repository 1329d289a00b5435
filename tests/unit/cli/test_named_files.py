"""Files that people name: never overwritten, never half, readable by their owner alone."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pef_adapters.cli import files, payout
from pef_adapters.core.errors import CostsUnreadable, InvalidInput, NotThere
from pef_adapters.engine.payouts import Exported
from pef_adapters.engine.records import PayoutBatch


def test_a_written_file_is_whole_and_private(tmp_path: Path) -> None:
    """The bytes are there, nobody else may read them, and no half file is left beside it."""
    file = tmp_path / "payouts.csv"
    files.write_new(file, b"whole")
    assert file.read_bytes() == b"whole"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """Neither its bytes nor its neighbours change, and the error names it."""
    file = tmp_path / "payouts.csv"
    file.write_bytes(b"older")
    for attempt in (files.check_new, lambda path: files.write_new(path, b"newer")):
        with pytest.raises(InvalidInput, match=r"payouts\.csv is there already"):
            attempt(file)
    assert file.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_to_nowhere_is_not_written_through(tmp_path: Path) -> None:
    """A name that leads elsewhere counts as taken."""
    link = tmp_path / "payouts.csv"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInput):
        files.write_new(link, b"whole")
    assert not (tmp_path / "elsewhere").exists()


def test_a_name_taken_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took the name after the check keeps it, and no half file stays behind."""
    file = tmp_path / "payouts.csv"
    monkeypatch.setattr(files, "check_new", lambda path: path.write_bytes(b"theirs"))
    with pytest.raises(InvalidInput, match="can't be written"):
        files.write_new(file, b"ours")
    assert file.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("folder", ["nowhere", "a-file"])
def test_a_folder_that_takes_no_file_is_named(tmp_path: Path, folder: str) -> None:
    """What is no folder is found out by the check, before anything else is done."""
    (tmp_path / "a-file").write_bytes(b"")
    with pytest.raises(InvalidInput, match=folder):
        files.check_new(tmp_path / folder / "payouts.csv")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and one in another encoding each get a clear error."""
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("año".encode("latin-1"))
    with pytest.raises(NotThere, match=r"none\.yaml can't be read"):
        files.content(tmp_path / "none.yaml")
    with pytest.raises(CostsUnreadable, match="save it as UTF-8"):
        files.text(latin, CostsUnreadable)


def test_a_booked_batch_without_its_file_says_how_to_get_it(tmp_path: Path) -> None:
    """After the commit the error names the command that writes the same bytes again."""
    taken = tmp_path / "payouts.csv"
    taken.write_bytes(b"theirs")
    now = datetime(2026, 11, 30, tzinfo=UTC)
    batch = PayoutBatch(
        id="PB12", account_id="main", format="csv", made_by="Rosa", made_at=now, sha256="00"
    )
    with pytest.raises(InvalidInput, match="`pef payout file PB12 --out FILE`"):
        payout.write_batch(Exported(batch, b"ours", 1, {}), taken)
    assert taken.read_bytes() == b"theirs"
