"""Has the gateway transcribe recordings."""

import asyncio
from pathlib import Path

from nanobot._services import NotOffered
from nanobot.host import attachments
from nanobot.host.link import Link
from nanobot.host.patience import ask
from nanobot.host.slots import Slots

_AT_ONCE = 4
# The gateway itself gives up after a minute.
_MAX_SECONDS = 90.0
# No gateway sends a larger file to its speech service, so it need not be copied.
_MAX_BYTES = 100 * 1024 * 1024


class Recordings:
    """May be used in any thread and on any loop."""

    def __init__(self, link: Link, is_offered: bool, media_folder: Path) -> None:
        self._link = link
        self._is_offered = is_offered
        self._media_folder = media_folder
        self._slots = Slots(_AT_ONCE)

    async def words(self, path: str) -> str:
        """What is said in a file. It may lie anywhere that the package can read."""
        if not self._is_offered:
            raise NotOffered("the gateway has no speech service; set the key of one in its config")
        async with self._slots.taken():
            own = await asyncio.to_thread(self._own, Path(path))
            try:
                answer = await ask(self._link, "audio/transcribe", {"path": str(own)}, _MAX_SECONDS)
            finally:
                if own != Path(path).resolve():
                    await asyncio.to_thread(own.unlink, missing_ok=True)
        return str(answer.get("text", ""))

    def _own(self, path: Path) -> Path:
        """The file, or its copy where the gateway reads files of this channel."""
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"it is larger than {_MAX_BYTES} bytes")
        return attachments.place(str(path), self._media_folder)
