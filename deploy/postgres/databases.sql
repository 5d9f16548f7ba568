-- The ledger has a database of its own beside MLflow's.
CREATE DATABASE ledger;
