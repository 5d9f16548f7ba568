"""From files to the gold store."""
