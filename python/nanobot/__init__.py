"""The Python side of nanobot: what channel packages import, and the host that runs them."""

__version__ = "0.2.9"
