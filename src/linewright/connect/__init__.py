"""Doors to the outside, one folder a door. A door reads what happens into events and carries out approved
writes; it knows protocols and nothing of plans.
"""
