"""What *happened*: the typed vocabulary, the durable ordered log, inbox, outbox, audit chain.

This room is the memory of the plant: state is a fold of its log. It does not know what anyone
concludes from an event.
"""
