"""Hooks into the agent's work, which a plugin process cannot have."""

from nanobot.agent._gateway_only import GatewayOnly

_INSTEAD = (
    "A channel sees progress and tool calls as messages with `_progress` and `_tool_hint` "
    "in their metadata."
)


class AgentHook(GatewayOnly):
    """Would be called around each step of the agent."""

    instead = _INSTEAD


class AgentHookContext(GatewayOnly):
    """Would say what the agent is doing."""

    instead = _INSTEAD
