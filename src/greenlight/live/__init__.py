"""The world's clock: runner, executor, reconciliation. Empty until paper trading comes."""
