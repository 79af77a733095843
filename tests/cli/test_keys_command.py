import io

import pytest

from greenlight.cli import main
from greenlight.config import Purpose, store_of

KEY, SECRET = "PKTESTKEY0000001", "-".join(("top", "secret", "value"))


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREENLIGHT_PASSPHRASE", "words")
    return tmp_path


def run(monkeypatch, *arguments, lines=()):
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return main(["keys", *arguments])


def test_keys_are_added_listed_rotated_and_removed(folder, monkeypatch, capsys):
    assert run(monkeypatch, "add", "alpaca", "--stdin", lines=(KEY, SECRET)) == 0
    assert run(monkeypatch, "list") == 0
    shown = capsys.readouterr()
    assert "...0001" in shown.out
    assert SECRET not in shown.out + shown.err
    assert KEY not in shown.out + shown.err
    other = KEY.replace("1", "2")
    assert run(monkeypatch, "rotate", "alpaca", "--stdin", lines=(other, SECRET)) == 0
    assert store_of(folder, Purpose.PAPER).read("words")["alpaca"].key == other
    assert run(monkeypatch, "remove", "alpaca") == 0
    assert store_of(folder, Purpose.PAPER).read("words") == {}


def test_live_keys_are_kept_apart(folder, monkeypatch):
    assert run(monkeypatch, "add", "alpaca", "--live", "--stdin", lines=(KEY, SECRET)) == 0
    assert not store_of(folder, Purpose.PAPER).exists()
    assert store_of(folder, Purpose.LIVE).exists()


@pytest.mark.usefixtures("folder")
def test_adding_twice_points_to_rotation(monkeypatch, capsys):
    run(monkeypatch, "add", "alpaca", "--stdin", lines=(KEY, SECRET))
    assert run(monkeypatch, "add", "alpaca", "--stdin", lines=(KEY, SECRET)) == 2
    assert "greenlight keys rotate alpaca" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_what_is_not_there_cannot_be_rotated_or_removed(monkeypatch, capsys):
    assert run(monkeypatch, "rotate", "alpaca") == 2
    run(monkeypatch, "add", "kraken", "--stdin", lines=(KEY, SECRET))
    assert run(monkeypatch, "remove", "alpaca") == 2
    assert "there are kraken" in capsys.readouterr().err


def test_rekey_changes_the_passphrase(folder, monkeypatch):
    run(monkeypatch, "add", "alpaca", "--stdin", lines=(KEY, SECRET))
    monkeypatch.setenv("GREENLIGHT_NEW_PASSPHRASE", "others")
    assert run(monkeypatch, "rekey") == 0
    assert store_of(folder, Purpose.PAPER).read("others")["alpaca"].secret == SECRET


@pytest.mark.usefixtures("folder")
def test_a_wrong_passphrase_is_one_line(monkeypatch, capsys):
    run(monkeypatch, "add", "alpaca", "--stdin", lines=(KEY, SECRET))
    monkeypatch.setenv("GREENLIGHT_PASSPHRASE", "wrong")
    assert run(monkeypatch, "list") == 2
    told = capsys.readouterr().err
    assert "wrong passphrase" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("lines", [(), (KEY,), (KEY, SECRET, "more")])
def test_a_script_must_give_two_lines(folder, monkeypatch, capsys, lines):
    assert run(monkeypatch, "add", "alpaca", "--stdin", lines=lines) == 2
    assert "two lines" in capsys.readouterr().err
    assert not store_of(folder, Purpose.PAPER).exists()
