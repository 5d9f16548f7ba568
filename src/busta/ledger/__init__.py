"""The append-only record of predictions, bets and results."""
