"""Models that are trained again by themselves."""
