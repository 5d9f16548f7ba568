"""One file adds a market: it holds one object, ``MARKET = Market(...)``."""
