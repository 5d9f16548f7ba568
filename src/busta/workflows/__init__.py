"""What each command does, from top to bottom, one call a stage.

- ``start``, ``init``, ``doctor``, ``quickstart``: before anything, and what is wrong.
- ``data``: files to tables to the gold store.
- ``training``: the gold store to a registered version, and where it comes from.
- ``judging``: evaluate, back-test, audit, gate, report.
- ``manage``: which versions there are, and who is in charge.
- ``predicting``: what a version says of games.
- ``bets``: recommended, recorded, settled, shown.
- ``trials``: challenger against champion.
- ``serving``: what the server answers from.
- ``watching``: drift, decay, and all that is told to Prometheus.
- ``retraining``: trained anew by itself.
- ``week``: the week's work in one go.
"""
