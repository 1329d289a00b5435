"""The secret box: keys from the setting or a private file, and clear refusals."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from pef_adapters.core.errors import SecretUnreadable, SettingInvalid
from pef_adapters.storage.secrets import KEY_FILE, SecretBox


def key() -> str:
    """A new Fernet key."""
    return Fernet.generate_key().decode()


def test_what_is_sealed_can_be_opened() -> None:
    """A mapping comes back whole, and can't be read while it is sealed."""
    box = SecretBox(key())
    secrets = {"consumer_secret": "cs_ñandú", "empty": ""}
    sealed = box.seal(secrets)
    assert box.open(sealed) == secrets
    assert b"cs_" not in sealed


def test_the_first_key_seals_and_every_key_opens() -> None:
    """Rotation: a new key in front, the old one kept for what it sealed."""
    old, new = key(), key()
    sealed_before = SecretBox(old).seal({"k": "v"})
    rotated = SecretBox.from_setting(f" {new} , {old} ")
    assert rotated.open(sealed_before) == {"k": "v"}
    assert SecretBox(new).open(rotated.seal({"k": "v"})) == {"k": "v"}


def test_a_wrong_key_or_damage_is_said_without_the_secret() -> None:
    """Neither another key nor a changed byte opens anything."""
    sealed = SecretBox(key()).seal({"k": "hush"})
    with pytest.raises(SecretUnreadable):
        SecretBox(key()).open(sealed)
    with pytest.raises(SecretUnreadable):
        SecretBox(key()).open(b"")


@pytest.mark.parametrize("value", ["", " ", "too-short-hush", "hush" * 20, "ñ", f"{'A' * 43}=,"])
def test_a_setting_that_is_no_key_says_how_to_make_one(value: str) -> None:
    """The error helps, and never repeats what was given."""
    with pytest.raises(SettingInvalid, match=r"PEF_SECRET_KEY.*generate_key") as caught:
        SecretBox.from_setting(value)
    assert "hush" not in str(caught.value)


def test_no_key_at_all_is_refused() -> None:
    """A box without a key can't be made."""
    with pytest.raises(SettingInvalid):
        SecretBox()


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """First run makes the file with mode 0600; later runs use the same key."""
    folder = tmp_path / "data"
    sealed = SecretBox.from_folder(folder).seal({"k": "v"})
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]
    assert SecretBox.from_folder(folder).open(sealed) == {"k": "v"}


def test_a_generous_umask_does_not_open_the_key_file(tmp_path: Path) -> None:
    """The mode is given at creation, not left to the umask."""
    before = os.umask(0)
    try:
        SecretBox.from_folder(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0


def test_all_who_start_at_once_share_one_key(tmp_path: Path) -> None:
    """Sixteen first runs at the same moment end with the same key."""
    with ThreadPoolExecutor(16) as threads:
        boxes = list(threads.map(SecretBox.from_folder, [tmp_path] * 16))
    sealed = boxes[0].seal({"k": "v"})
    assert [box.open(sealed) for box in boxes] == [{"k": "v"}] * 16


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """The error names the file and the command that mends it."""
    SecretBox.from_folder(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(SettingInvalid, match="chmod 600"):
        SecretBox.from_folder(tmp_path)


def test_a_damaged_key_file_is_refused(tmp_path: Path) -> None:
    """An empty key file is not replaced: what it sealed would be lost for good."""
    (tmp_path / KEY_FILE).touch(mode=0o600)
    with pytest.raises(SettingInvalid):
        SecretBox.from_folder(tmp_path)
    assert (tmp_path / KEY_FILE).read_text() == ""
