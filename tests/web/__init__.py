"""The console in a real browser, against a whole Vong with a finished loop run."""
