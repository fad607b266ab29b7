"""What packages import."""

import base64
import importlib
import importlib.metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import Field

from nanobot.agent.hook import AgentHook, AgentHookContext
from nanobot.agent.tools.base import Tool
from nanobot.bus import InboundMessage, MessageBus, OutboundMessage
from nanobot.channels.base import BaseChannel
from nanobot.command.builtin import build_help_text
from nanobot.config.loader import get_config_path
from nanobot.config.paths import (
    get_bridge_install_dir,
    get_data_dir,
    get_media_dir,
    get_runtime_subdir,
)
from nanobot.config.schema import Base
from nanobot.security import network
from nanobot.utils.helpers import safe_filename, split_message
from nanobot.utils.media_decode import FileSizeExceeded, save_base64_data_url


class Plain(BaseChannel):
    name = "plain"

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, msg: OutboundMessage) -> None: ...


class Streams(Plain):
    async def send_delta(
        self, chat_id: str, delta: str, metadata: dict[str, Any] | None = None
    ) -> None: ...


class StreamsByItsParent(Streams):
    pass


@pytest.mark.parametrize(
    "module",
    [
        "nanobot.core",
        "nanobot.tools",
        "nanobot.command.router",
        "nanobot.channels.manager",
        "nanobot.channels.registry",
        "nanobot.agent.loop",
        "nanobot.providers",
    ],
)
def test_modules_that_are_not_part_of_the_contract_are_absent(module: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(module)


def test_messages_have_their_fields_in_order() -> None:
    message = InboundMessage("ch", "u", "c", "Hi")
    assert (message.media, message.metadata, message.session_key_override) == ([], {}, None)
    assert message.session_key == "ch:c"
    assert InboundMessage("ch", "u", "c", "", session_key_override="").session_key == "ch:c"
    assert InboundMessage("ch", "u", "c", "", session_key_override="s").session_key == "s"
    sent = OutboundMessage("ch", "c", "Hi", "p", ["/f"], {"a": 1})
    assert (sent.reply_to, sent.media, sent.metadata) == ("p", ["/f"], {"a": 1})
    assert OutboundMessage("ch", "c", "Hi") == OutboundMessage("ch", "c", "Hi", None, [], {})


async def test_the_plain_bus_is_two_queues() -> None:
    bus = MessageBus()
    await bus.publish_inbound(InboundMessage("ch", "u", "c", "in"))
    await bus.publish_outbound(OutboundMessage("ch", "c", "out"))
    assert (bus.inbound_size, bus.outbound_size) == (1, 1)
    assert (await bus.consume_inbound()).content == "in"
    assert (await bus.consume_outbound()).content == "out"


@pytest.mark.parametrize(
    ("config", "sender", "allowed"),
    [
        ({"allowFrom": ["*"]}, "u", True),
        ({"allowFrom": ["u"]}, "u", True),
        ({"allow_from": ["u"]}, "u", True),
        ({"allow_from": ["u"], "allowFrom": []}, "u", True),
        ({"allowFrom": [7]}, 7, True),
        ({"allowFrom": ["u"]}, "user", False),
        ({"allowFrom": ["allow@email.com"]}, "attacker|allow@email.com", False),
        ({"allowFrom": "user"}, "u", False),
        ({"allowFrom": []}, "u", False),
        ({}, "u", False),
        (SimpleNamespace(allow_from=["u"]), "u", True),
        (SimpleNamespace(allow_from=[]), "u", False),
    ],
)
def test_the_list_is_compared_whole_and_exactly(config: Any, sender: Any, allowed: bool) -> None:
    assert Plain(config, MessageBus()).is_allowed(sender) is allowed


@pytest.mark.parametrize(
    ("cls", "config", "streams"),
    [
        (Streams, {"streaming": True}, True),
        (StreamsByItsParent, {"streaming": True}, True),
        (Streams, SimpleNamespace(streaming=True), True),
        (Streams, {"streaming": False}, False),
        (Streams, {}, False),
        (Plain, {"streaming": True}, False),
    ],
)
def test_streaming_needs_the_config_and_the_method(cls: Any, config: Any, streams: bool) -> None:
    assert cls(config, MessageBus()).supports_streaming is streams


async def test_defaults_of_a_channel() -> None:
    channel = Plain({}, MessageBus())
    assert Plain.default_config() == {"enabled": False}
    assert await channel.login() is True
    assert channel.is_running is False
    assert (channel.transcription_provider, channel.transcription_api_key) == ("groq", "")
    assert (channel.send_progress, channel.send_tool_hints, channel.show_reasoning) == (
        True,
        False,
        True,
    )
    assert await channel.transcribe_audio("/missing.ogg") == ""
    await channel.send_delta("c", "x", {})
    with pytest.raises(TypeError):
        BaseChannel({}, MessageBus())  # type: ignore[abstract]


async def test_a_channel_on_a_plain_bus_publishes_what_the_agent_will_see() -> None:
    bus = MessageBus()
    metadata = {"message_id": 5}
    channel = Streams({"allowFrom": ["*"], "streaming": True}, bus)
    await channel._handle_message(1, 2, "Hi", ["/f"], metadata, "s")
    message = await bus.consume_inbound()
    assert (message.sender_id, message.chat_id, message.channel) == ("1", "2", "plain")
    assert message.metadata == {"message_id": 5, "_wants_stream": True}
    assert metadata == {"message_id": 5}
    assert (message.media, message.session_key) == (["/f"], "s")


def test_a_typed_section_reads_both_spellings() -> None:
    class Section(Base):
        allow_from: list[str] = Field(default_factory=list)

    assert Section.model_validate({"allowFrom": ["a"]}).allow_from == ["a"]
    assert Section.model_validate({"allow_from": ["a"]}).allow_from == ["a"]
    assert Section().model_dump(by_alias=True) == {"allowFrom": []}


def test_folders_outside_of_a_plugin_lie_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = tmp_path / ".nanobot"
    assert get_config_path() == root / "config.json"
    assert get_data_dir() == root
    assert get_runtime_subdir("x") == root / "x"
    assert get_media_dir() == root / "media"
    assert get_media_dir("telegram") == root / "media" / "telegram"
    assert (root / "media" / "telegram").is_dir()
    assert get_bridge_install_dir() == root / "bridge"


@pytest.mark.parametrize(
    ("content", "max_len", "parts"),
    [
        ("", 10, []),
        ("short", 10, ["short"]),
        ("one two three", 8, ["one two", "three"]),
        ("line one\nline two", 12, ["line one", "line two"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("\nabcdef", 4, ["\nabc", "def"]),
        ("ab   cd", 4, ["ab ", "cd"]),
    ],
)
def test_texts_are_split_at_lines_then_at_words(
    content: str, max_len: int, parts: list[str]
) -> None:
    assert split_message(content, max_len) == parts


def test_no_part_is_empty_or_longer_than_allowed() -> None:
    text = "word " * 500 + "x" * 3000 + "\n" * 50 + "end"
    parts = split_message(text, 100)
    assert all(0 < len(part) <= 100 for part in parts)
    with pytest.raises(ValueError, match="max_len"):
        split_message("x", 0)


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a/b\\c:d*?.txt", "a_b_c_d__.txt"), (" x ", "x"), ("..", "_"), ("", "_"), ("é.png", "é.png")],
)
def test_file_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_filename(name) == safe


def test_a_data_address_becomes_a_file(tmp_path: Path) -> None:
    encoded = base64.b64encode(b"GIF89a").decode()
    path = save_base64_data_url(f"data:image/gif;base64,{encoded}", tmp_path / "new")
    assert path is not None
    assert path.endswith(".gif")
    assert Path(path).read_bytes() == b"GIF89a"
    assert save_base64_data_url("https://example.org", tmp_path) is None
    assert save_base64_data_url("data:image/gif;base64,%%%", tmp_path) is None
    with pytest.raises(FileSizeExceeded):
        save_base64_data_url(f"data:image/gif;base64,{encoded}", tmp_path, max_bytes=5)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://93.184.216.34/", True),
        ("https://[2606:4700::1111]/x", True),
        ("http://127.0.0.1/", False),
        ("http://10.1.2.3/", False),
        ("http://169.254.169.254/latest", False),
        ("http://[::1]/", False),
        ("http://[::ffff:127.0.0.1]/", False),
        ("http://100.64.0.1/", False),
        ("http://localhost/", False),
        ("ftp://93.184.216.34/", False),
        ("file:///etc/passwd", False),
        ("http://", False),
        ("http://[broken/", False),
        ("no address", False),
    ],
)
def test_addresses_inside_a_network_are_refused(url: str, allowed: bool) -> None:
    for check in (network.validate_url_target, network.validate_resolved_url):
        is_allowed, problem = check(url)
        assert is_allowed is allowed
        assert bool(problem) is not allowed


def test_a_host_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", ("93.184.216.34", 0)), (2, 1, 6, "", ("192.168.1.1", 0))]
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *args, **kwargs: found)
    assert network.validate_url_target("http://example.org/")[0] is False


def test_the_help_text_lists_the_commands() -> None:
    lines = build_help_text().splitlines()
    assert lines[0] == "🐈 nanobot commands:"
    assert lines[1] == "/new — Start a new conversation"
    assert len(lines) == 9


@pytest.mark.parametrize("cls", [Tool, AgentHook, AgentHookContext])
def test_insides_of_the_agent_can_be_derived_from_and_say_what_to_use(cls: Any) -> None:
    derived = type("Own", (cls,), {"name": "own"})
    with pytest.raises(RuntimeError, match=r"Own cannot be used in a channel package.*\."):
        derived("x", y=1)
