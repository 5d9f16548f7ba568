"""Planted leaks with their clean twins: what an audit is held to."""
