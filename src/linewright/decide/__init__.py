"""The loop: disruption → scenarios → twin → proposal → planner → approval → dispatch → outcome.

This room knows what a planner decides and what follows from it. It knows no protocol and no HTML: it
commits intents to the outbox, and the worker wired in `bootstrap` hands approved ones to doors.
"""
