"""Over or under the total; exactly the total is a push."""

from busta.markets.fundamentals import TOTALS
from busta.plugins import Market

MARKET = Market(
    name="totals",
    title="Totals",
    sides=("over", "under"),
    quantity="total",
    has_line=True,
    features=TOTALS,
    price_feature="price_over",
    elo_feature="elo_sum",
    line_feature="price_total",
    aliases=("over-under", "total", "ou"),
)
