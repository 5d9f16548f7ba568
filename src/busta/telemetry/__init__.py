"""What a running busta says of itself."""
