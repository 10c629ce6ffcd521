"""The digital twin: the live mirror of the plant, the simulator, and the verdict on what may advance.

Never here: how a plan was made.
"""
