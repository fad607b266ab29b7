"""The example package `nanobot-channel-webhook-python`."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from gateway import PATIENCE, Failure, Gateway, refused
from test_guide import free_port, post

PYTHON = Path(__file__).parents[1]
EXAMPLE = PYTHON.parent / "examples" / "nanobot-channel-webhook-python"


class Client:
    """The other end of the callback address."""

    def __init__(self) -> None:
        self.replies: asyncio.Queue[Any] = asyncio.Queue()
        self.answers: list[web.Response] = []

    async def take(self, request: web.Request) -> web.Response:
        self.replies.put_nowait(await request.json())
        return self.answers.pop(0) if self.answers else web.Response(status=204)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client()
    app = web.Application()
    app.router.add_post("/replies", client.take)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    client.url = f"http://127.0.0.1:{port}/replies"
    yield client
    await runner.cleanup()


@pytest.fixture
async def gateway(spawn: Any, client: Client) -> Gateway:
    gateway = await spawn(
        "webhook",
        "--entry-point",
        "nanobot_channel_webhook:WebhookChannel",
        env={"PYTHONPATH": f"{PYTHON}:{EXAMPLE}"},
    )
    gateway.description = await gateway.initialize()
    gateway.port = free_port()
    await gateway.start(
        port=gateway.port, callbackUrl=client.url, streaming=True, allowFrom=["user1", "7"]
    )
    await gateway.log("Webhook listening on 127.0.0.1")
    return gateway


async def test_it_is_described(gateway: Gateway) -> None:
    assert gateway.description["capabilities"] == {"streaming": {"window": 4}}
    assert gateway.description["default_config"]["host"] == "127.0.0.1"


async def test_a_message_is_stored_before_the_client_hears_of_it(gateway: Gateway) -> None:
    gateway.answer_received = lambda params: None
    posting = asyncio.create_task(
        post(gateway.port, sender="user1", text="Hello!", media=["https://x.org/a.png"], event_id=3)
    )
    received = await gateway.next(gateway.received)
    assert (received["chat"]["id"], received["text"]) == ("user1", "Hello!")
    assert (received["event_id"], len(received["attachments"])) == ("3", 1)
    assert not posting.done()
    gateway.write({"id": 1, "result": {"accepted": True}})
    assert await posting == (200, {"ok": True})


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"sender": "eve", "text": "Hi"}, 403, "allow-list"),
        ({"sender": "user1", "text": None}, 422, "text must be a string"),
        ({"sender": "user1"}, 422, "text is missing"),
        ({"sender": [], "text": "Hi"}, 422, "sender must be"),
        ({"sender": "", "text": "Hi"}, 422, "sender must be"),
        ({"sender": "user1", "text": "", "media": ["/etc/passwd"]}, 422, "media must be"),
        ({"sender": "user1", "text": "x" * 1_100_000}, 413, "Large"),
    ],
)
async def test_what_is_no_message_is_refused_with_the_reason(
    gateway: Gateway, body: dict[str, Any], status: int, problem: str
) -> None:
    answered, answer = await post(gateway.port, **body)
    assert (answered, answer["ok"]) == (status, False)
    assert problem in answer["error"]
    assert gateway.received.empty()


async def test_what_is_no_json_or_no_such_path_is_refused(gateway: Gateway) -> None:
    url = f"http://127.0.0.1:{gateway.port}"
    async with aiohttp.ClientSession() as session:
        for method, path, data, status in [
            ("POST", "/message", b"{", 400),
            ("POST", "/message", b"[]", 400),
            ("GET", "/message", None, 405),
            ("POST", "/other", b"{}", 404),
        ]:
            async with session.request(method, url + path, data=data) as answer:
                assert (answer.status, (await answer.json())["ok"]) == (status, False)


async def test_a_message_that_is_not_stored_may_be_sent_again(gateway: Gateway) -> None:
    gateway.answer_received = lambda params: refused("internal")
    status, answer = await post(gateway.port, sender=7, text="Hi")
    assert (status, answer["ok"]) == (503, False)


async def test_replies_are_posted(gateway: Gateway, client: Client) -> None:
    await gateway.send("Let me look.", kind="progress")
    await gateway.send("Done.", attachments=[{"kind": "image", "path": "/m/a.png"}])
    assert await client.replies.get() == {"chat_id": "c", "text": "Let me look.", "final": False}
    assert await client.replies.get() == {
        "chat_id": "c",
        "text": "Done.",
        "final": True,
        "media": ["/m/a.png"],
    }


async def test_a_reply_is_posted_while_it_is_written(gateway: Gateway, client: Client) -> None:
    gateway.open_stream("s")
    gateway.delta("s", 1, "Hello ")
    await gateway.next(gateway.acks)
    await gateway.end_stream("s", "Hello world")
    replies = [await client.replies.get() for _ in range(3)]
    assert [(reply["text"], reply["final"]) for reply in replies] == [
        ("Hello ", False),
        ("Hello world", False),
        ("Hello world", True),
    ]


async def test_a_segment_before_a_tool_call_is_not_final(gateway: Gateway, client: Client) -> None:
    gateway.open_stream("s")
    await gateway.end_stream("s", "Let me look.", continues=True)
    assert [(await client.replies.get())["final"] for _ in range(2)] == [False, False]
    gateway.open_stream("t")
    await gateway.end_stream("t", "", continues=True)
    assert client.replies.empty()


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (429, {"Retry-After": "3"}, "rate_limited", 3000),
        (503, {}, "network", None),
        (404, {}, "internal", None),
    ],
)
async def test_what_the_callback_answers_decides_what_the_gateway_does(
    gateway: Gateway, client: Client, status: int, headers: dict[str, str], kind: str, wait: Any
) -> None:
    client.answers = [web.Response(status=status, headers=headers)]
    with pytest.raises(Failure) as failure:
        await gateway.send("Hi")
    assert failure.value.kind == kind
    assert failure.value.error["data"].get("retry_after_ms") == wait
    await gateway.send("Hi")


async def test_it_stops_at_once_and_frees_its_port(gateway: Gateway) -> None:
    async with asyncio.timeout(PATIENCE):
        assert await gateway.shutdown() == 0
    with pytest.raises(OSError, match="refused|failed"):
        await asyncio.open_connection("127.0.0.1", gateway.port)
