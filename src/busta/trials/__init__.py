"""Champion against challenger on the same games."""
