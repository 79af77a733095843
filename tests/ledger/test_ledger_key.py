import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from greenlight.domain import UserError
from greenlight.ledger import Ledger, holder_name, is_gone, key_path, load_key

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///greenlight.db", "ledger.key"),
        ("sqlite:////var/bot/greenlight.db", "/var/bot/ledger.key"),
        ("sqlite+pysqlite:///sub/greenlight.db?x=1", "sub/ledger.key"),
        ("postgresql://me@host/bot", "ledger.key"),
    ],
)
def test_the_key_lies_beside_the_file_else_here(url, path):
    assert key_path(url) == Path(path)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "ledger.key"
    key = load_key(path, {}, lambda count: KEY[:count])
    assert key == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path, {}) == KEY
    assert os.listdir(tmp_path) == ["ledger.key"]


def test_keys_are_drawn_not_made_up(tmp_path):
    assert load_key(tmp_path / "a", {}) != load_key(tmp_path / "b", {})


def test_the_environment_comes_first_and_makes_no_file(tmp_path):
    given = {"GREENLIGHT_LEDGER_KEY": KEY.hex()}
    assert load_key(tmp_path / "ledger.key", given) == KEY
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("text", ["", "xyz", "00" * 31, "é" * 64])
def test_a_key_that_is_none_is_refused_not_replaced(tmp_path, text):
    path = tmp_path / "ledger.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(UserError, match=r"ledger\.key: "):
        load_key(path, {})
    assert path.read_text() == text
    if text:
        with pytest.raises(UserError, match="GREENLIGHT_LEDGER_KEY: is no key"):
            load_key(path, {"GREENLIGHT_LEDGER_KEY": text})


def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "ledger.key"
    load_key(path, {})
    path.chmod(0o640)
    with pytest.raises(UserError, match="others may read this key; chmod 600"):
        load_key(path, {})


def test_a_key_that_was_lost_is_not_made_anew(tmp_path):
    path = tmp_path / "ledger.key"
    url = f"sqlite:///{tmp_path}/ledger.db"

    def find(is_new: bool) -> bytes:
        return load_key(path, {}, make=is_new)

    with Ledger.open(url, find):
        key = path.read_text()
    path.unlink()
    with pytest.raises(UserError, match="the key that sealed this ledger is not there; put it"):
        Ledger.open(url, find)
    assert not path.exists()
    path.write_text(key)
    path.chmod(0o600)
    with Ledger.open(url, find):
        pass


def test_a_ledger_that_is_not_there_is_not_made_by_looking_at_it(tmp_path):
    with pytest.raises(UserError, match="no ledger there yet; greenlight paper begins one"):
        Ledger.open(f"sqlite:///{tmp_path}/ledger.db", None)
    assert os.listdir(tmp_path) == []


def test_a_key_that_cannot_be_made_is_told_in_one_line(tmp_path):
    with pytest.raises(UserError, match="cannot be read or made"):
        load_key(tmp_path / "nowhere" / "ledger.key", {})


def test_a_holder_of_this_machine_is_gone_when_its_process_is():
    assert not is_gone(holder_name())
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    place = holder_name().rpartition("/")[0]
    assert place.startswith(socket.gethostname())
    assert is_gone(f"{place}/{done.stdout.strip()}")


@pytest.mark.parametrize("holder", ["", "elsewhere/1/99999999", "me", "a/b/c"])
def test_of_a_holder_elsewhere_nobody_knows(holder):
    assert not is_gone(holder)
