"""One file a store version, `vNNNN_what_it_adds.py`."""
