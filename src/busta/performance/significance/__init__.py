"""Whether what was seen can be told from luck: pure functions on arrays, in blocks of weeks.

For each game, ``opinion`` is the model's mean of the margin (or total) minus the mean that the line
it is bet at stands for, and ``residual`` is the real value minus that mean, both in points. A model
that knows something has opinions that go with the residuals. Games are the last axis; candidates,
and worlds of a simulation, stand before it. Weeks are labels that sort by time.
"""
