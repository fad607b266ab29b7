"""What the gateway does for a channel beside taking its messages.

Kept beside the channel, as a package may call for it through a method that it took out of the channel
at any time, in any thread and on any loop.
"""

from collections.abc import Awaitable, Callable

Transcribe = Callable[[str], Awaitable[str]]


class NotOffered(Exception):
    """Nobody does this here."""


async def _nobody_transcribes(path: str) -> str:
    raise NotOffered("the channel is not run by a gateway")


_transcribe: Transcribe = _nobody_transcribes


def offer_transcription(function: Transcribe) -> None:
    """Says who transcribes from now on."""
    global _transcribe
    _transcribe = function


async def transcribe(path: str) -> str:
    """The words of an audio file; raises whatever keeps them away."""
    return await _transcribe(path)
