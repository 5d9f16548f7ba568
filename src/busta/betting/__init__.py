"""The mathematics of betting, without any input or output: odds, distributions, settlement, stakes."""
