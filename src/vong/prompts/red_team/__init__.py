"""Red team tests: sets of attacks, detection of their success, and reports per class."""
