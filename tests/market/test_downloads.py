from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from handmade_bars import CRYPTO, DAILY, NOW, ns, one

from greenlight.domain import AssetClass, RetryError, Split, Timeframe
from greenlight.market import (
    Adjustment,
    DefectError,
    Download,
    Downloader,
    Order,
    Store,
    Terms,
    stored_actions,
)
from greenlight.market.downloads import read_progress
from greenlight.market.files import NUMBERS
from greenlight.market.providers import BarRequest, Capabilities, Page
from greenlight.market.providers.port import page_of

SPLIT_DAILY = replace(DAILY, adjustment=Adjustment.SPLIT)


@dataclass
class Shelf:
    """A provider that has these bars, gives them a few at a time, and can break off."""

    table: pl.DataFrame
    page: int = 10
    breaks_after: int | None = None
    actions: tuple[Split, ...] = ()
    name: str = "shelf"
    asked: list[BarRequest] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(Adjustment.RAW, {AssetClass.EQUITY: (Timeframe.D1,)}, is_live=False)

    def fetch(self, request: BarRequest) -> Iterator[Page]:
        self.asked.append(request)
        ts = self.table["ts"].to_physical().to_numpy()
        whole = page_of(request, ts, [self.table[name].to_list() for name in NUMBERS], self.actions)
        for number, start in enumerate(range(0, whole.count, self.page)):
            if number == self.breaks_after:
                raise RetryError("shelf: the line went dead")
            part = slice(start, start + self.page)
            arrays = {name: getattr(whole, name)[part] for name in ("ts", *NUMBERS)}
            yield replace(whole, **arrays)


def order(table: pl.DataFrame, start: str, end: str, spec=DAILY) -> Order:
    kind = AssetClass.EQUITY if spec.calendar == "XNYS" else AssetClass.CRYPTO
    return Order(str(table["symbol"][0]), kind, spec, ns(start), ns(end))


def downloader(
    store: Store, shelf: Shelf, heard: list[int] | None = None, *, quarantine: bool = False
) -> Callable[[Order], Download]:
    advance = (lambda _: None) if heard is None else heard.append
    return Downloader(store, shelf, Terms(NOW, quarantine=quarantine), advance).download


def test_all_pages_come_in_and_progress_is_told(tmp_path):
    store, table, heard = Store(tmp_path), one(DAILY, "A", 25), []
    done = downloader(store, Shelf(table), heard)(order(table, "2024-01-01", "2024-03-01"))
    assert (done.added, done.refused, done.actions) == (25, 0, 0)
    assert store.read(DAILY, "A").equals(table)
    assert heard == [ns("2024-01-17"), ns("2024-01-31"), ns("2024-02-07"), ns("2024-03-01")]


def test_a_download_that_broke_off_goes_on_where_it_stopped(tmp_path):
    store, table = Store(tmp_path), one(DAILY, "A", 40)
    wanted = order(table, "2024-01-01", "2024-04-01")
    with pytest.raises(RetryError):
        downloader(store, Shelf(table, breaks_after=2))(wanted)
    assert store.read(DAILY, "A").height == 20
    shelf = Shelf(table)
    done = downloader(store, shelf)(wanted)
    assert [request.start for request in shelf.asked] == [int(table["ts"].to_physical()[19])]
    assert (done.added, done.replaced) == (20, 0)
    assert store.read(DAILY, "A").equals(table)


def test_what_is_there_is_not_asked_for_again(tmp_path):
    store, table = Store(tmp_path), one(DAILY, "A", 40)
    wanted = order(table, "2024-01-01", "2024-02-01")
    downloader(store, Shelf(table))(wanted)
    shelf, heard = Shelf(table), []
    assert downloader(store, shelf, heard)(wanted) == Download("A")
    assert shelf.asked == []
    assert heard == [ns("2024-02-01")]


@pytest.mark.parametrize("spec", [DAILY, CRYPTO])
def test_done_again_later_it_brings_what_is_new_and_misses_no_bar(tmp_path, spec):
    store, table = Store(tmp_path), one(spec, "A", 60)
    ends = ["2024-01-02T16:20", "2024-01-03T16:20", "2024-01-10T09:59", "2024-04-01T00:00"]
    for end in ends:
        downloader(store, Shelf(table))(order(table, "2024-01-01", end, spec))
    assert store.read(spec, "A").equals(table)


def test_an_earlier_start_another_provider_and_a_lost_mark_fetch_anew(tmp_path):
    store, table = Store(tmp_path), one(DAILY, "A", 40)
    later = order(table, "2024-01-15", "2024-02-01")
    earlier = order(table, "2024-01-01", "2024-02-01")
    downloader(store, Shelf(table))(later)
    for wanted, name in ((earlier, "shelf"), (earlier, "other"), (earlier, "other")):
        shelf = Shelf(table, name=name)
        downloader(store, shelf)(wanted)
        if name == "other" and read_progress(store, wanted).provider == "other":
            store.path(DAILY, "A").with_suffix(".progress.json").write_text("{ broken")
        assert [request.start for request in shelf.asked] == [ns("2024-01-01")]
    assert store.read(DAILY, "A").height == 21


def test_actions_come_in_with_the_bars_or_before_them(tmp_path):
    store, table = Store(tmp_path), one(DAILY, "A", 12)
    split = Split("A", date(2030, 1, 2), Decimal(2))
    wanted = order(table, "2024-01-01", "2024-03-01")
    assert downloader(store, Shelf(table, page=20, actions=(split,)))(wanted).actions == 1
    assert stored_actions(store, DAILY) == (split,)

    class ActionsFirst(Shelf):
        def fetch(self, request):
            empty = [[]] * 5
            yield page_of(request, np.empty(0, dtype=np.int64), empty, self.actions)
            yield from Shelf(self.table).fetch(request)

    other = Store(tmp_path / "other")
    done = downloader(other, ActionsFirst(table, actions=(split,)))(wanted)
    assert (done.actions, done.added) == (1, 12)
    assert stored_actions(other, DAILY) == (split,)


def test_bad_bars_stop_a_symbol_or_go_aside_and_earlier_pages_are_kept(tmp_path):
    store, table = Store(tmp_path), one(DAILY, "A", 30)
    bad = table.with_columns(
        high=pl.when(pl.int_range(pl.len()) == 14).then(0.01).otherwise(pl.col("high"))
    )
    wanted = order(table, "2024-01-01", "2024-03-01")
    with pytest.raises(DefectError, match="shelf-A: nothing was stored, 1 of 10 rows are bad"):
        downloader(store, Shelf(bad))(wanted)
    assert store.read(DAILY, "A").height == 10
    done = downloader(store, Shelf(bad), quarantine=True)(wanted)
    assert (done.added, done.refused) == (19, 1)
    assert done.quarantined == tmp_path / "quarantine" / "XNYS-1d-raw" / "shelf-A.csv"


def test_prices_adjusted_anew_are_fetched_from_the_start(tmp_path):
    store, table = Store(tmp_path), one(DAILY, "A", 40)
    first = order(table, "2024-01-01", "2024-02-01", SPLIT_DAILY)
    downloader(store, Shelf(table))(first)
    prices = pl.col("open", "high", "low", "close")
    halved = table.with_columns(prices / 2)
    shelf = Shelf(halved)
    done = downloader(store, shelf)(replace(first, end=ns("2024-04-01")))
    assert store.read(SPLIT_DAILY, "A").equals(halved)
    assert (done.added, done.replaced) == (19, 21)
    assert shelf.asked[-1].start == ns("2024-01-01")


def test_adjusted_prices_that_stand_are_only_continued(tmp_path):
    store, table = Store(tmp_path), one(DAILY, "A", 40)
    first = order(table, "2024-01-01", "2024-02-01", SPLIT_DAILY)
    downloader(store, Shelf(table))(first)
    done = downloader(store, Shelf(table))(replace(first, end=ns("2024-04-01")))
    assert (done.added, done.replaced) == (19, 0)
