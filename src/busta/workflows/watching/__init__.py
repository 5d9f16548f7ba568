"""Drift and decay, and the figures that are watched."""
