"""One file a check; it holds one object, ``CHECK = Check(...)``, and has a page of its own in the docs."""
