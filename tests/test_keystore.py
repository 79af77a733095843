import json
import os
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenlight.config import Credentials, Keyring, KeyStore, Purpose, paper_keys, store_of
from greenlight.config.keystore import Cost
from greenlight.domain import UserError

CHEAP = Cost(passes=1, memory_kib=64, lanes=1)
WORDS = "correct horse"
PAIR = Credentials("PKTESTKEY0000001", "topsecrettopsecret")
OTHER = Credentials("PKTESTKEY0000002", "othersecretothersecret")
UNLOCKED = {"GREENLIGHT_PASSPHRASE": WORDS}


@pytest.fixture
def store(tmp_path):
    return KeyStore(tmp_path / "greenlight-paper.keys", CHEAP)


def test_what_is_written_is_read_back(store):
    store.write({"alpaca": PAIR, "kraken": OTHER}, WORDS)
    assert store.read(WORDS) == {"alpaca": PAIR, "kraken": OTHER}


@settings(max_examples=20, deadline=None)
@given(st.text(min_size=1), st.text(), st.text())
def test_any_passphrase_and_any_key_will_do(tmp_path_factory, words, key, secret):
    words = words.encode("utf-8", "replace").decode()
    key, secret = (text.encode("utf-8", "replace").decode() for text in (key, secret))
    one = KeyStore(tmp_path_factory.mktemp("k") / "x.keys", CHEAP)
    one.write({"v": Credentials(key, secret)}, words)
    assert one.read(words) == {"v": Credentials(key, secret)}


def test_nothing_of_it_stands_in_the_file(store):
    store.write({"alpaca": PAIR}, WORDS)
    text = store.path.read_text()
    assert PAIR.key not in text
    assert PAIR.secret not in text
    assert "alpaca" not in text


def test_the_file_is_its_owners_alone(store):
    store.write({"alpaca": PAIR}, WORDS)
    assert store.path.stat().st_mode & 0o777 == 0o600
    store.path.chmod(0o644)
    with pytest.raises(UserError, match="chmod 600"):
        store.read(WORDS)


def test_the_same_keys_are_never_written_the_same_way_twice(store):
    store.write({"alpaca": PAIR}, WORDS)
    first = json.loads(store.path.read_text())
    store.write({"alpaca": PAIR}, WORDS)
    second = json.loads(store.path.read_text())
    assert first["salt"] != second["salt"]
    assert first["keys"] != second["keys"]


def test_a_wrong_passphrase_is_one_line_and_shows_nothing(store):
    store.write({"alpaca": PAIR}, WORDS)
    with pytest.raises(UserError) as caught:
        store.read("wrong")
    told = "".join(traceback.format_exception(caught.value))
    assert "wrong passphrase" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert WORDS not in told
    assert PAIR.secret not in told


@pytest.mark.parametrize("damage", ["", "{}", "[]", "not json", '{"version": 1}'])
def test_a_file_that_is_no_store_is_told_in_one_line(store, damage):
    store.path.write_text(damage)
    store.path.chmod(0o600)
    with pytest.raises(UserError, match="no key store"):
        store.read(WORDS)


def test_a_changed_file_is_not_believed(store):
    store.write({"alpaca": PAIR}, WORDS)
    content = json.loads(store.path.read_text())
    content["keys"] = content["keys"][:-8] + "AAAAAAA="
    store.path.write_text(json.dumps(content))
    with pytest.raises(UserError):
        store.read(WORDS)


def test_an_empty_passphrase_is_refused(store):
    with pytest.raises(UserError, match="protects nothing"):
        store.write({"alpaca": PAIR}, "")
    assert not store.exists()


def test_a_write_that_fails_leaves_the_old_file(store, monkeypatch):
    store.write({"alpaca": PAIR}, WORDS)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="unchanged"):
        store.write({"alpaca": OTHER}, WORDS)
    assert store.read(WORDS) == {"alpaca": PAIR}
    assert [one.name for one in store.path.parent.iterdir()] == [store.path.name]


def test_secrets_do_not_show_in_words():
    assert PAIR.secret not in repr(PAIR)
    assert PAIR.key not in repr(PAIR)
    assert PAIR.hint == "...0001"
    assert Credentials("short", "x").hint == "..."


def put(folder, purpose=Purpose.PAPER, pair=PAIR, words=WORDS):
    KeyStore(store_of(folder, purpose).path, CHEAP).write({"alpaca": pair}, words)


def test_the_environment_comes_first(tmp_path):
    put(tmp_path)
    environment = {"APCA_API_KEY_ID": "ek", "APCA_API_SECRET_KEY": "es", **UNLOCKED}
    assert paper_keys("alpaca", environment, tmp_path) == ("ek", "es")


@pytest.mark.parametrize(
    ("venue", "environment"),
    [
        ("alpaca", {"ALPACA_KEY_ID": "k", "ALPACA_SECRET_KEY": "s"}),
        ("kraken", {"KRAKEN_API_KEY": "k", "KRAKEN_SECRET": "s"}),
        ("binance", {"BINANCE_API_KEY": "k", "BINANCE_API_SECRET": "s"}),
    ],
)
def test_every_usual_name_of_a_variable_is_known(tmp_path, venue, environment):
    assert paper_keys(venue, environment, tmp_path) == ("k", "s")


def test_half_a_pair_in_the_environment_is_none(tmp_path):
    put(tmp_path)
    environment = {"APCA_API_KEY_ID": "ek", **UNLOCKED}
    assert paper_keys("alpaca", environment, tmp_path) == (PAIR.key, PAIR.secret)


def test_without_keys_it_is_said_where_to_put_them(tmp_path):
    with pytest.raises(UserError, match=r"APCA_API_KEY_ID.*greenlight keys add alpaca"):
        paper_keys("alpaca", {}, tmp_path)


def test_a_locked_store_says_how_to_unlock_it(tmp_path):
    put(tmp_path)
    with pytest.raises(UserError, match="GREENLIGHT_PASSPHRASE"):
        paper_keys("alpaca", {}, tmp_path)
    assert paper_keys("alpaca", {}, tmp_path, ask=lambda: WORDS) == (PAIR.key, PAIR.secret)


def test_the_passphrase_may_stand_in_a_file(tmp_path):
    put(tmp_path)
    (tmp_path / "words").write_text(WORDS + "\n")
    environment = {"GREENLIGHT_PASSPHRASE_FILE": str(tmp_path / "words")}
    assert paper_keys("alpaca", environment, tmp_path) == (PAIR.key, PAIR.secret)
    with pytest.raises(UserError, match="cannot be read"):
        paper_keys("alpaca", {"GREENLIGHT_PASSPHRASE_FILE": str(tmp_path / "no")}, tmp_path)


def test_live_keys_are_a_store_of_their_own_and_not_in_the_environment(tmp_path):
    put(tmp_path, Purpose.LIVE, OTHER)
    environment = {"APCA_API_KEY_ID": "ek", "APCA_API_SECRET_KEY": "es", **UNLOCKED}
    assert Keyring("alpaca", tmp_path, environment, Purpose.LIVE).current() == OTHER
    with pytest.raises(UserError, match="needs keys"):
        paper_keys("alpaca", UNLOCKED, tmp_path)


def test_rotated_keys_are_found_without_a_stop(tmp_path):
    put(tmp_path)
    ring = Keyring("alpaca", tmp_path, UNLOCKED)
    assert ring.current() == PAIR
    assert not ring.refresh()
    put(tmp_path, pair=OTHER)
    assert ring.current() == PAIR
    assert ring.refresh()
    assert ring.current() == OTHER


def test_a_store_that_cannot_be_read_any_more_leaves_the_keys_as_they_were(tmp_path):
    put(tmp_path)
    ring = Keyring("alpaca", tmp_path, UNLOCKED)
    ring.current()
    put(tmp_path, pair=OTHER, words="another")
    assert not ring.refresh()
    assert ring.current() == PAIR
