"""The generator behind the simulated league; ``busta.leagues.sim`` is its front door.

``world`` holds the parameters, ``teams`` the clubs, ``schedule`` who meets whom and when, ``scores`` the
joint distribution of margin and total, ``seasons`` plays, ``quotes`` makes the market, ``tables`` writes
the rows. It shares no probability code with the rest of busta on purpose: a world that checks models
must not repeat their mistakes.
"""
