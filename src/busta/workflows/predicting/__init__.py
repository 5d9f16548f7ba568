"""What a version says of games."""
