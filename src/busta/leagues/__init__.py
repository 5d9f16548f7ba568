"""One file adds a sport: it holds one object, ``LEAGUE = League(...)``."""
