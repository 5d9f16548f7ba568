"""Watching over models in use: drift and decay, and what follows from them."""
