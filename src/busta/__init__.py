"""busta: sports-betting models that are judged against the closing line."""
