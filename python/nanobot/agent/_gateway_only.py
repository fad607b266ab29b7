"""Classes that a package may derive from, but not use."""

from typing import Any, NoReturn


class GatewayOnly:
    """Says what to use instead when an object is made of a class of the agent's inside."""

    instead = ""

    def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            f"{cls.__name__} cannot be used in a channel package: "
            f"the agent runs in the gateway, in a process of its own. {cls.instead}"
        )
