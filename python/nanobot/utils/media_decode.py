"""Files that came as ``data:`` addresses."""

import base64
import binascii
import mimetypes
import re
import uuid
from pathlib import Path

_DATA_URL = re.compile(r"data:(?P<mime>[^;,]+)(?:;[^;,]+)*;base64,(?P<data>.+)", re.DOTALL)

MAX_FILE_SIZE = 10 * 1024 * 1024


class FileSizeExceeded(Exception):
    """The decoded file is larger than allowed."""


def save_base64_data_url(
    data_url: str, media_dir: Path, *, max_bytes: int | None = None
) -> str | None:
    """Writes the file of a ``data:<type>;base64,`` address into a folder and returns its path.

    Returns None if it is no such address. Raises `FileSizeExceeded` for more than `max_bytes`,
    10 MiB by default.
    """
    match = _DATA_URL.fullmatch(data_url.strip())
    if match is None:
        return None
    limit = MAX_FILE_SIZE if max_bytes is None else max_bytes
    encoded = "".join(match["data"].split())
    # Four characters hold three bytes: what is far too large is refused before it is decoded.
    if len(encoded) // 4 * 3 > limit + 2:
        raise FileSizeExceeded(f"the file is larger than {limit} bytes")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(data) > limit:
        raise FileSizeExceeded(f"the file has {len(data)} bytes, {limit} are allowed")
    extension = mimetypes.guess_extension(match["mime"].strip().lower()) or ".bin"
    path = Path(media_dir) / f"{uuid.uuid4().hex[:16]}{extension}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)
