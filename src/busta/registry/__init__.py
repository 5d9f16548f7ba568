"""MLflow: one run a training, one registered model a market, champion and challenger."""
