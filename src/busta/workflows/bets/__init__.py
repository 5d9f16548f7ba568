"""Bets: recommended, recorded, settled and shown."""
