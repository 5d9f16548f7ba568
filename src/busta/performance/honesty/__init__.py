"""Is the gate honest? Worlds whose truth is known, and what the rules of `significance` say in them."""
