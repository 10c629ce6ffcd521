"""HTTP API, live updates and the console's static files.

This room translates between the decision loop and a browser. It holds no business rule: what may be
approved, what is stale and what is sent is decided in `decide`.
"""
