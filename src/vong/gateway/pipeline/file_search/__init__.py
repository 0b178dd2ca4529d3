"""The tool `file_search` in `/v1/responses`, for any model: the server searches, and the model cites the results.

A model that calls tools gets a function and writes the queries. Any other model gets the results for the question of
the user with its request.
"""
