"""One file a detector, each with one ``DETECTOR``; found by discovery, in order of their files' names."""
