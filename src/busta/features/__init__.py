"""Point-in-time features: what was known about a game, and since when."""
