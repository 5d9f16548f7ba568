"""Against the spread: does home win by more than the line; exactly the line is a push."""

from busta.markets.fundamentals import ATS
from busta.plugins import Market

MARKET = Market(
    name="ats",
    title="Against the spread",
    sides=("home", "away"),
    quantity="margin",
    has_line=True,
    features=ATS,
    price_feature="price_home_cover",
    elo_feature="elo_diff",
    line_feature="price_spread",
    aliases=("spread", "against-the-spread"),
)
