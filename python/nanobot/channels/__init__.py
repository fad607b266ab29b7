"""Channels: connections to chat platforms."""

from nanobot.channels.base import BaseChannel

__all__ = ["BaseChannel"]
