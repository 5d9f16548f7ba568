"""What busta does, each reading top to bottom: ingest, build, train, predict, promote."""
