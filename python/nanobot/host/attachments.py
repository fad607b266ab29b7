"""Files of messages, as channels name them and as the wire does."""

import asyncio
import mimetypes
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from nanobot.host import logs
from nanobot.host.wire import JsonObject
from nanobot.utils.helpers import safe_filename
from nanobot.utils.media_decode import FileSizeExceeded, save_base64_data_url

_MAX_DATA_BYTES = 50 * 1024 * 1024


async def to_wire(media: Iterable[Any], folder: Path) -> list[JsonObject]:
    """The attachments of a received message.

    Files go to the gateway by path and belong to it afterwards. Those that lie outside of the
    channel's media folder are copied into it, as a package may want to keep what is elsewhere.
    """
    found = []
    for entry in media:
        attachment = await _to_wire(str(entry or ""), folder)
        if attachment is not None:
            found.append(attachment)
    return found


def from_wire(attachments: Any) -> list[str]:
    """The files to send, as ``OutboundMessage.media`` holds them."""
    entries = attachments if isinstance(attachments, list) else []
    return [str(entry.get("path") or entry.get("url")) for entry in entries]


async def _to_wire(entry: str, folder: Path) -> JsonObject | None:
    if entry.startswith(("http://", "https://")):
        return {"kind": _kind(urlsplit(entry).path), "url": entry}
    try:
        if entry.startswith("data:"):
            path = await asyncio.to_thread(_save, entry, folder)
        else:
            path = await asyncio.to_thread(place, entry, folder)
        size = path.stat().st_size
    except (OSError, ValueError, FileSizeExceeded) as error:
        logs.emit("warn", "Left out a file that cannot be used.", file=entry[:200], error=error)
        return None
    attachment: JsonObject = {
        "kind": _kind(path.name),
        "path": str(path),
        "name": _name(entry, path),
        "size_bytes": size,
    }
    mime = mimetypes.guess_type(path.name)[0]
    return {**attachment, "mime": mime} if mime else attachment


def _save(address: str, folder: Path) -> Path:
    saved = save_base64_data_url(address, folder, max_bytes=_MAX_DATA_BYTES)
    if saved is None:
        raise ValueError("not a base64 data address")
    return Path(saved)


def place(entry: str, folder: Path) -> Path:
    """The file itself if it lies in the folder, else a copy of it there; links are resolved."""
    if entry.startswith("file://"):
        entry = unquote(urlsplit(entry).path)
    source = Path(entry).resolve(strict=True)
    if not source.is_file():
        raise ValueError("not a file")
    if source.is_relative_to(folder.resolve()):
        return source
    target = folder.resolve() / f"{uuid.uuid4().hex[:8]}-{safe_filename(source.name)}"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def _name(entry: str, path: Path) -> str:
    return path.name if entry.startswith("data:") else Path(entry).name


def _kind(name: str) -> str:
    mime = mimetypes.guess_type(name)[0] or ""
    family = mime.partition("/")[0]
    return family if family in ("image", "audio", "video") else "file"
