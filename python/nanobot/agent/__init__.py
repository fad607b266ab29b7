"""Names of the agent that channel packages import; the agent itself runs in the gateway."""
