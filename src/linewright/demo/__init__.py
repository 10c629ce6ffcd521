"""The demonstration plant: a separate process that runs a plant folder and speaks OPC UA.

It is the plant, not the product: it knows what a plant is and what can happen in one, and meets the rest
of Linewright only on the wire.
"""
