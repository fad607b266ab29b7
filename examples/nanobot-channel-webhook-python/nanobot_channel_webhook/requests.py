"""The body of ``POST /message``."""

import json
from dataclasses import dataclass
from typing import Any


class NotAMessage(Exception):
    """A request that is refused, with its HTTP status."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


@dataclass(frozen=True)
class Request:
    """What a client wrote."""

    sender: str
    chat_id: str
    text: str
    media: list[str]
    event_id: str | None


def parse(data: bytes) -> Request:
    """Reads a body, or says what is wrong with it."""
    try:
        body = json.loads(data)
    except ValueError as error:
        raise NotAMessage(400, f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise NotAMessage(400, "the body is not a JSON object")
    sender = _id(body, "sender") or "unknown"
    text, media = body.get("text", ""), body.get("media") or []
    if not isinstance(text, str):
        raise NotAMessage(422, "text must be a string")
    if not isinstance(media, list) or not all(map(_is_address, media)):
        raise NotAMessage(422, "media must be a list of http or https addresses")
    if "text" not in body and not media:
        raise NotAMessage(422, "text is missing")
    return Request(sender, _id(body, "chat_id") or sender, text, media, _id(body, "event_id"))


def _id(body: dict[str, Any], key: str) -> str | None:
    """Many systems count their users, so a number is as good an id as a string."""
    value = body.get(key)
    if value is None:
        return None
    if value == "" or isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise NotAMessage(422, f"{key} must be a string that is not empty, or a number")
    return str(value)


def _is_address(entry: Any) -> bool:
    return isinstance(entry, str) and entry.startswith(("http://", "https://"))
