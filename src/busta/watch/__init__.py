"""Is what the champion learned still so? Drift of what it reads, drift of what it says, decay of how it forecasts.

This room is pure: numbers in, a verdict out. ``busta.workflows.watching.watch`` brings the numbers, and acts on
nothing; whoever acts on a trigger is a workflow, too.
"""
