"""Fixtures: a gateway that starts plugins, and ends them after the test."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from gateway import Gateway


@pytest.fixture
async def spawn(tmp_path: Any) -> AsyncIterator[Callable[..., Any]]:
    """Starts a plugin process, not greeted yet."""
    gateways: list[Gateway] = []

    async def start(*arguments: str, env: dict[str, str] | None = None) -> Gateway:
        gateway = Gateway(tmp_path)
        gateways.append(gateway)
        return await gateway.spawn(*arguments, env=env)

    yield start
    for gateway in gateways:
        gateway.kill()
        # Fails the test if a line of the plugin was not of the protocol.
        await gateway.exited()


@pytest.fixture
def described(spawn: Callable[..., Any]) -> Callable[..., Any]:
    """Starts a plugin by its entry point and greets it."""

    async def start(entry_point: str, key: str = "driven", *offers: str) -> Gateway:
        gateway = await spawn(key, "--entry-point", entry_point)
        capabilities = {"moon_phase": {}, **{offer: {} for offer in offers}}
        gateway.description = await gateway.initialize(capabilities=capabilities)
        return gateway

    return start


@pytest.fixture
def running(described: Callable[..., Any]) -> Callable[..., Any]:
    """Starts a plugin, and its channel with a config; the gateway offers these services."""

    async def start(entry_point: str, key: str = "driven", *offers: str, **config: Any) -> Gateway:
        gateway = await described(entry_point, key, *offers)
        await gateway.start(**config)
        return gateway

    return start
