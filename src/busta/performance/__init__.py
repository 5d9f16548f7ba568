"""What a model would have earned: the back-test and the figures a bettor reads."""
