"""Bars from a file, or from all bar files of a folder, as if they were fetched."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from greenlight.domain import AssetClass, Timeframe, UserError
from greenlight.market.providers.port import BarRequest, Capabilities, Page, page_of
from greenlight.market.providers.settings import ProviderSettings

_PATTERNS = ("*.parquet", "*.csv", "*.csv.gz")


@dataclass(frozen=True, slots=True)
class Files:
    """The adapter; `settings.path` names the file or folder, `settings.adjustment` its prices."""

    settings: ProviderSettings
    name: str = "files"

    @property
    def capabilities(self) -> Capabilities:
        """Whatever the files hold."""
        every = dict.fromkeys(AssetClass, tuple(Timeframe))
        return Capabilities(self.settings.adjustment, every, is_live=False)

    def fetch(self, request: BarRequest) -> Iterator[Page]:
        """See Provider.fetch: a page for each file that has the symbol."""
        from greenlight.market.files import NUMBERS, read_bars  # late: brings polars

        for path in self._paths():
            table = read_bars(path, request.timeframe).table
            own = table.filter(table["symbol"] == request.symbol)
            known = own.filter(own["ts"].is_not_null())
            if known.height > 0:
                ts = known["ts"].to_physical().to_numpy()
                yield page_of(request, ts, [known[name].to_list() for name in NUMBERS])

    def _paths(self) -> list[Path]:
        if not self.settings.path:
            raise UserError("files needs a path: a bar file, or a folder of them")
        place = Path(self.settings.path)
        if not place.is_dir():
            return [place]
        found = sorted(path for pattern in _PATTERNS for path in place.glob(pattern))
        if not found:
            raise UserError(f"{place}: has no {', '.join(_PATTERNS)} files")
        return found
