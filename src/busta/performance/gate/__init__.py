"""The gate: coded checks, each with its figure and threshold, and the verdict they add up to."""
