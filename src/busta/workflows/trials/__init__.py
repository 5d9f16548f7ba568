"""Challenger against champion."""
