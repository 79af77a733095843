import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenlight.brokers.alpaca import AlpacaSettings
from greenlight.domain import RefuseError, UserError

KEYS = {"key": "PKTEST", "secret": "hidden-secret"}


def test_paper_is_where_orders_go_unless_told_otherwise():
    settings = AlpacaSettings(**KEYS)
    assert settings.trading_url == "https://paper-api.alpaca.markets"
    assert not settings.is_local


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8700",
        "http://127.5.0.1",
        "http://localhost:8700",
        "http://[::1]:8700",
        "https://127.0.0.1:8700",
    ],
)
def test_a_loopback_address_is_taken(url):
    stream = url.replace("http", "ws", 1) + "/stream"
    assert AlpacaSettings(**KEYS, trading_url=url, trading_stream_url=stream).is_local


def test_the_address_as_alpaca_writes_it_on_its_pages_is_taken():
    AlpacaSettings(**KEYS, trading_url="https://paper-api.alpaca.markets/v2")
    AlpacaSettings(**KEYS, trading_url="https://paper-api.alpaca.markets:443/")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.alpaca.markets",
        "https://paper-api.alpaca.markets.evil.com",
        "https://evil-paper-api.alpaca.markets",
        "https://paper-api.alpaca.markets@evil.com",
        "https://key:secret@paper-api.alpaca.markets",
        "https://paper-api.alpaca.markets:8443",
        "https://paper-api.alpaca.markets.",
        "https://paper-api.alpaca.markets\\@evil.com",
        "https://evil.com/paper-api.alpaca.markets",
        "https://evil.com?paper-api.alpaca.markets",
        "https://evil.com#paper-api.alpaca.markets",
        "https://pаper-api.alpaca.markets",  # noqa: RUF001 - the second letter is Cyrillic
        "http://paper-api.alpaca.markets",
        "ftp://paper-api.alpaca.markets",
        "paper-api.alpaca.markets",
        "https://127.0.0.1.evil.com",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.0.0.1",
        "https://localhost.evil.com",
        "https://0.0.0.0",
        "https://[::ffff:8.8.8.8]",
        "https://[::1",
        "https://127.0.0.1:99999",
        "https:// paper-api.alpaca.markets",
        "https://paper-api.alpaca.markets\n",
        "https://",
        "",
    ],
)
def test_any_other_address_for_orders_is_refused_in_one_line(url):
    with pytest.raises(RefuseError) as caught:
        AlpacaSettings(**KEYS, trading_url=url)
    assert "\n" not in str(caught.value)
    assert "trading_url" in str(caught.value)


@pytest.mark.parametrize("name", ["data_url", "trading_stream_url", "data_stream_url"])
@pytest.mark.parametrize(
    "host", ["evil.com", "data.alpaca.markets.evil.com", "a@data.alpaca.markets"]
)
def test_keys_are_sent_to_no_stranger_for_data_or_reports_either(name, host):
    scheme = "https" if name == "data_url" else "wss"
    with pytest.raises(RefuseError, match=name):
        AlpacaSettings(**KEYS, **{name: f"{scheme}://{host}"})


def test_an_arming_token_opens_the_live_host_and_no_other():
    live = {
        "trading_url": "https://api.alpaca.markets",
        "trading_stream_url": "wss://api.alpaca.markets/stream",
    }
    AlpacaSettings(**KEYS, **live, arming_token="token")  # noqa: S106 - no secret of anybody
    with pytest.raises(RefuseError, match="arming token"):
        AlpacaSettings(**KEYS, **live)
    with pytest.raises(RefuseError):
        AlpacaSettings(**KEYS, trading_url="https://evil.com", arming_token="token")  # noqa: S106


def test_orders_and_reports_of_different_accounts_are_refused():
    with pytest.raises(RefuseError, match="different accounts"):
        AlpacaSettings(**KEYS, trading_url="http://127.0.0.1:8700")


def test_the_keys_are_in_no_text_of_the_settings():
    shown = repr(AlpacaSettings(**KEYS))
    assert "PKTEST" not in shown
    assert "hidden-secret" not in shown


@pytest.mark.parametrize("bad", ["", "with blank", "with\nnewline", "ключ"])
@pytest.mark.parametrize("name", ["key", "secret"])
def test_a_key_that_is_none_is_the_users_mistake_and_not_repeated(name, bad):
    with pytest.raises(UserError, match=name) as caught:
        AlpacaSettings(**KEYS | {name: bad})
    assert not bad or bad not in str(caught.value)


def test_a_feed_that_does_not_exist_is_named():
    with pytest.raises(UserError, match="iex or sip"):
        AlpacaSettings(**KEYS, feed="otc")


@given(st.text(max_size=60))
def test_no_text_at_all_is_taken_unless_it_names_paper_or_this_machine(url):
    try:
        settings = AlpacaSettings(**KEYS, trading_url=url)
    except RefuseError:
        return
    assert settings.trading_url.startswith("https://paper-api.alpaca.markets")
