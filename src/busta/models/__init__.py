"""From a table of games to probabilities: walk-forward splits, members, ensemble."""
