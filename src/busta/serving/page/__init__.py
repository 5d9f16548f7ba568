"""The page a bettor opens: rendered here, without a script that anything depends on."""
