"""A webhook channel for nanobot."""

from nanobot_channel_webhook.channel import WebhookChannel

__all__ = ["WebhookChannel"]
