"""Data at the door: sources parse, fetch downloads, validate refuses, tables keep."""
