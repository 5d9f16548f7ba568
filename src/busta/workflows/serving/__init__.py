"""What a server answers from, and the processes beside it."""
