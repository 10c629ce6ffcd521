"""What the plant's signals mean: key performance indicators (ISO 22400).

Never here: schedules being made, the web.
"""
