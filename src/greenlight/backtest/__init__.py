"""History's clock: a backtest, judged out of sample, and the tear sheet it leaves behind."""
