"""What the gateway's slash commands are."""

_COMMANDS = (
    ("/new", "Start a new conversation"),
    ("/stop", "Stop the current task"),
    ("/restart", "Restart the bot"),
    ("/status", "Show bot status"),
    ("/dream", "Manually trigger Dream consolidation"),
    ("/dream-log", "Show what the last Dream changed"),
    ("/dream-restore", "Revert memory to a previous state"),
    ("/help", "Show available commands"),
)


def build_help_text() -> str:
    """The answer to ``/help``, for channels that show it by themselves."""
    lines = [f"{command} — {meaning}" for command, meaning in _COMMANDS]
    return "\n".join(["🐈 nanobot commands:", *lines])
