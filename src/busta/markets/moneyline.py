"""Who wins the game; a tie is a push."""

from busta.plugins import Market

MARKET = Market(
    name="moneyline",
    title="Moneyline",
    sides=("home", "away"),
    quantity="margin",
    has_line=False,
    features=("*_diff", "division", "neutral", "week", "postseason", "price_home_win", "price_spread"),
    price_feature="price_home_win",
    elo_feature="elo_diff",
)
