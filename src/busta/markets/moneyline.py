"""Who wins the game; a tie is a push."""

from busta.markets.fundamentals import MONEYLINE
from busta.plugins import Market

MARKET = Market(
    name="moneyline",
    title="Moneyline",
    sides=("home", "away"),
    quantity="margin",
    has_line=False,
    features=MONEYLINE,
    price_feature="price_home_win",
    elo_feature="elo_diff",
)
