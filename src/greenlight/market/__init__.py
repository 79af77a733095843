"""What is known of the world: bars, actions, memberships, sectors, facts, and the view of them."""

from greenlight.market.adjust import forward_factors
from greenlight.market.bars import Adjustment, Bars
from greenlight.market.facts import NO_FACTS, Facts, read_facts
from greenlight.market.history import History
from greenlight.market.membership import Membership, read_membership
from greenlight.market.sectors import Sectors, read_sectors
from greenlight.market.view import Background, View, views

__all__ = [
    "NO_FACTS",
    "Adjustment",
    "Background",
    "Bars",
    "Facts",
    "History",
    "Membership",
    "Sectors",
    "View",
    "forward_factors",
    "read_facts",
    "read_membership",
    "read_sectors",
    "views",
]
