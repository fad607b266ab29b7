"""A channel for nanobot: people connect with TCP and talk in lines."""

from nanobot_channel_parley.channel import LineChannel

__all__ = ["LineChannel"]
