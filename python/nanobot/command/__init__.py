"""Slash commands; the gateway answers them."""
