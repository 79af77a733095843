"""What is known of the world: bars, actions, memberships, sectors, facts, and the view of them."""

from greenlight.market.action_store import read_any_actions, stored_actions
from greenlight.market.action_tables import read_actions, read_dividends, read_splits
from greenlight.market.actions import applicable_actions, checked_actions
from greenlight.market.adjust import forward_factors, forward_step, in_order
from greenlight.market.bars import Adjustment, Bars, BarSpec, from_arrays
from greenlight.market.book import Book, example_book
from greenlight.market.calendars import CALENDARS, sessions
from greenlight.market.check import Report, check
from greenlight.market.defects import DefectKind, Severity
from greenlight.market.downloads import Download, Downloader, Order
from greenlight.market.durable import replacing
from greenlight.market.facts import NO_FACTS, Facts, read_facts
from greenlight.market.files import read_bars
from greenlight.market.happenings import HappeningRow, happenings
from greenlight.market.history import History
from greenlight.market.identity import TickerMap, read_ticker_map
from greenlight.market.intake import (
    DefectError,
    Intake,
    Terms,
    import_file,
    read_delivery,
    unmatched,
)
from greenlight.market.loading import Wanted, load_blocks
from greenlight.market.membership import Membership, read_membership
from greenlight.market.resample import resample
from greenlight.market.sample import SAMPLES, sample
from greenlight.market.sectors import Sectors, read_sectors
from greenlight.market.stack import Stack
from greenlight.market.store import Change, Store
from greenlight.market.view import Background, View, views

__all__ = [
    "CALENDARS",
    "NO_FACTS",
    "SAMPLES",
    "Adjustment",
    "Background",
    "BarSpec",
    "Bars",
    "Book",
    "Change",
    "DefectError",
    "DefectKind",
    "Download",
    "Downloader",
    "Facts",
    "HappeningRow",
    "History",
    "Intake",
    "Membership",
    "Order",
    "Report",
    "Sectors",
    "Severity",
    "Stack",
    "Store",
    "Terms",
    "TickerMap",
    "View",
    "Wanted",
    "applicable_actions",
    "check",
    "checked_actions",
    "example_book",
    "forward_factors",
    "forward_step",
    "from_arrays",
    "happenings",
    "import_file",
    "in_order",
    "load_blocks",
    "read_actions",
    "read_any_actions",
    "read_bars",
    "read_delivery",
    "read_dividends",
    "read_facts",
    "read_membership",
    "read_sectors",
    "read_splits",
    "read_ticker_map",
    "replacing",
    "resample",
    "sample",
    "sessions",
    "stored_actions",
    "unmatched",
    "views",
]
