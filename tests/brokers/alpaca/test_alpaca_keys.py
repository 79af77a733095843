"""Keys that are replaced while the bot runs: refused ones are looked for again, once."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from alpaca_scripts import drained, frame, heard, serving
from alpaca_words import KEY, SECRET, SETTINGS, order, ticket

from greenlight.brokers.alpaca import AlpacaBroker, AlpacaFeed
from greenlight.domain import HaltError, RetryError

NEW = ("PKNEWKEY", "another-secret")


class Vault:
    """Where new keys are found, or none; counts how often it is opened."""

    def __init__(self, found=None):
        self.found, self.looks = found, 0

    async def __call__(self):
        self.looks += 1
        return self.found


class Gate:
    """A venue that knows one key, and the keys that came to it."""

    def __init__(self, known):
        self.known, self.keys = known, []

    def __call__(self, request):
        pair = request.headers["apca-api-key-id"], request.headers["apca-api-secret-key"]
        self.keys.append(pair)
        if pair != self.known:
            return httpx.Response(401, json={"message": "unauthorized."})
        return httpx.Response(200, json=order())


def broker_at(gate, vault):
    settings = replace(SETTINGS, renew=vault)
    return AlpacaBroker(settings, transport=httpx.MockTransport(gate))


def test_an_order_refused_for_its_keys_goes_on_with_the_new_ones():
    gate, vault = Gate(NEW), Vault(NEW)
    broker = broker_at(gate, vault)
    assert asyncio.run(broker.find("a")) is not None
    assert gate.keys == [(KEY, SECRET), NEW]
    assert asyncio.run(broker.find("b")) is not None
    assert gate.keys == [(KEY, SECRET), NEW, NEW]
    assert vault.looks == 1


@pytest.mark.parametrize("found", [None, NEW, ("not a key", "x")])
def test_without_keys_that_open_it_halts_after_one_look(found):
    gate, vault = Gate(("PKTHIRD", "x")), Vault(found)
    with pytest.raises(HaltError, match="key and secret") as caught:
        asyncio.run(broker_at(gate, vault).find("a"))
    assert vault.looks == 1
    assert len(gate.keys) == (2 if found == NEW else 1)
    assert NEW[1] not in str(caught.value)


def test_of_two_requests_under_way_one_looks_and_both_go_on():
    gate, vault = Gate(NEW), Vault(NEW)
    broker = broker_at(gate, vault)

    async def both():
        await asyncio.gather(broker.find("a"), broker.find("b"))

    asyncio.run(both())
    assert gate.keys[-1] == NEW
    assert vault.looks <= 2


def test_nothing_else_that_is_refused_makes_it_look():
    vault = Vault(NEW)
    broker = broker_at(lambda _: httpx.Response(403, json={"message": "no"}), vault)
    with pytest.raises(HaltError):
        asyncio.run(broker.submit(ticket()))
    assert vault.looks == 0


def test_a_stream_of_reports_is_opened_anew_with_new_keys():
    tried = []

    async def script(client):
        told = await heard(client)
        tried.append(told["data"]["key_id"])
        data = {"status": "unauthorized", "action": "authenticate"}
        await client.send(frame({"stream": "authorization", "data": data}))

    async def go():
        async with serving(script) as settings:
            broker = AlpacaBroker(replace(settings, renew=Vault(NEW)))
            errors = [(await drained(broker.reports()))[1] for _ in range(2)]
            await broker.close()
            return errors

    first, second = asyncio.run(go())
    assert isinstance(first, RetryError)
    assert isinstance(second, HaltError)
    assert tried == [KEY, NEW[0]]


def test_a_stream_of_quotes_is_opened_anew_with_new_keys():
    tried = []

    async def script(client):
        await client.send(frame([{"T": "success", "msg": "connected"}]))
        tried.append((await heard(client))["key"])
        await client.send(frame([{"T": "error", "code": 402, "msg": "auth failed"}]))

    async def go():
        async with serving(script) as settings:
            feed = AlpacaFeed(replace(settings, renew=Vault(NEW)), lambda: 0)
            errors = [(await drained(feed.quotes(["SPY"])))[1] for _ in range(2)]
            await feed.close()
            return errors

    first, second = asyncio.run(go())
    assert isinstance(first, RetryError)
    assert isinstance(second, HaltError)
    assert tried == [KEY, NEW[0]]
