"""Linewright: generative intelligence for manufacturing."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("linewright")
except PackageNotFoundError:  # running from a source tree that was never installed
    __version__ = "0.0.0"
