"""A package of which one file does not compile."""

from driven import Driven

__all__ = ["Driven"]
