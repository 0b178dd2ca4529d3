"""Tests of the console in a real browser, on a running Vong with a finished loop run."""
