"""Logging in with the help of a person."""

import asyncio
from typing import Any

import pytest
from gateway import PATIENCE, Failure, refused


async def test_a_login_prints_and_asks_through_the_gateway(described: Any) -> None:
    gateway = await described("odd:NeedsLogin")
    asked = []

    def answer(params: dict[str, Any]) -> dict[str, Any]:
        asked.append(params)
        return {"value": "s3cret" if params["secret"] else "1234"}

    gateway.answer_input = answer
    params = {**gateway.setup({"allow_from": ["ada"], "port": 1}), "force": True}
    assert await gateway.request("channel/login", params) == {"logged_in": True}
    assert asked == [
        {"prompt": "Code:", "secret": False},
        {"prompt": "Password:", "secret": True},
    ]
    assert gateway.prompts == ["Scan this:", "##", "##", "thanks"]
    login = await gateway.event("login")
    assert login == {
        "call": "login",
        "config": {"allow_from": ["ada"], "port": 1, "enabled": False},
        "bus": None,
        "force": True,
    }
    assert await gateway.shutdown() == 0


async def test_a_login_that_is_refused_says_so(described: Any) -> None:
    gateway = await described("odd:NeedsLogin")
    params = {**gateway.setup({}), "force": False}
    assert await gateway.request("channel/login", params) == {"logged_in": False}
    assert (await gateway.event("login"))["config"]["port"] == 9000


async def test_a_login_that_raises_is_an_error(described: Any) -> None:
    gateway = await described("odd:LoginFails")
    with pytest.raises(Failure, match="no network") as failure:
        await gateway.request("channel/login", {**gateway.setup({}), "force": False})
    assert failure.value.kind == "network"


async def test_a_channel_without_login_is_logged_in(described: Any) -> None:
    gateway = await described("driven:Driven")
    params = {**gateway.setup({}), "force": False}
    async with asyncio.timeout(PATIENCE):
        assert await gateway.request("channel/login", params) == {"logged_in": True}


async def test_a_login_that_the_person_gives_up_is_cancelled(described: Any) -> None:
    gateway = await described("odd:NeedsLogin")
    gateway.answer_input = lambda params: refused("cancelled")
    with pytest.raises(Failure) as failure:
        await gateway.request("channel/login", {**gateway.setup({}), "force": False})
    assert failure.value.kind == "cancelled"


async def test_a_login_that_waits_for_a_person_can_be_cancelled(described: Any) -> None:
    gateway = await described("odd:NeedsLogin")
    gateway.answer_input = lambda params: None
    id, answer = gateway.ask("channel/login", {**gateway.setup({}), "force": False})
    await gateway.event("login")
    await gateway.request("ping", {})
    gateway.notify("$/cancel", {"id": id})
    with pytest.raises(Failure) as failure:
        async with asyncio.timeout(PATIENCE):
            await answer
    assert failure.value.kind == "cancelled"
    assert await gateway.shutdown() == 0
