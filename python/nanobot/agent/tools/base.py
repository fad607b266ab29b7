"""The agent's tools, which a plugin process cannot add to."""

from nanobot.agent._gateway_only import GatewayOnly


class Tool(GatewayOnly):
    """Would be something the agent can call."""

    instead = "To give the agent a tool, run an MCP server and name it in `tools.mcpServers`."
