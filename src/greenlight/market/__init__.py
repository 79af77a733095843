"""What is known of the world: bars, actions, memberships, sectors, facts, and the view of them."""

from greenlight.market.action_tables import read_actions, read_dividends, read_splits
from greenlight.market.actions import applicable_actions, checked_actions
from greenlight.market.adjust import forward_factors
from greenlight.market.bars import Adjustment, Bars
from greenlight.market.facts import NO_FACTS, Facts, read_facts
from greenlight.market.happenings import HappeningRow, happenings
from greenlight.market.history import History
from greenlight.market.identity import TickerMap, read_ticker_map
from greenlight.market.membership import Membership, read_membership
from greenlight.market.sectors import Sectors, read_sectors
from greenlight.market.view import Background, View, views

__all__ = [
    "NO_FACTS",
    "Adjustment",
    "Background",
    "Bars",
    "Facts",
    "HappeningRow",
    "History",
    "Membership",
    "Sectors",
    "TickerMap",
    "View",
    "applicable_actions",
    "checked_actions",
    "forward_factors",
    "happenings",
    "read_actions",
    "read_dividends",
    "read_facts",
    "read_membership",
    "read_sectors",
    "read_splits",
    "read_ticker_map",
    "views",
]
