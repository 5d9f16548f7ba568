"""From the gold store to a registered version, and where it comes from."""
