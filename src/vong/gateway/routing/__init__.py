"""Choose targets and decide on retries: routes, the model catalog, strategies, circuit breakers, load.

May import `upstream`, `providers`, `pricing` and `guards`.
"""
