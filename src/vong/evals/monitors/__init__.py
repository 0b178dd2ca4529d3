"""Monitors: rules that score a sample of live answers, with alarms on score drift and a list of answers to review.

Definitions and storage only. `vong.app.monitor_scoring` samples and scores, `vong.loop.drift` tests for drift.
"""
