"""What a version is worth: measured, simulated, audited, judged, reported."""
