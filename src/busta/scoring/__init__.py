"""Numbers from numbers: proper scores, calibration measures and intervals resampled by week."""
