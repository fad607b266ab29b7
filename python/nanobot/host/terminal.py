"""What a login prints and reads, led to the person who logs in."""

import getpass
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nanobot.host.link import Link, LinkClosed
from nanobot.host.wire import WireError


class Terminal(io.TextIOBase):
    """Stands in for stdout and stdin: lines go out as prompts, reading asks for a line."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._begun = ""
        self.was_cancelled = False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Any character can be shown."""
        return "utf-8"

    def writable(self) -> bool:
        """Takes text."""
        return True

    def readable(self) -> bool:
        """Gives text."""
        return True

    def write(self, text: str) -> int:
        """Sends each whole line; the rest waits, as it may be the question of an input."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._show(line)
        return len(text)

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        """Asks for a line, with what was printed last as the question."""
        prompt, self._begun = self._begun, ""
        return self.ask(prompt, is_secret=False)

    def ask(self, prompt: str, is_secret: bool) -> str:
        """Asks for a line; an empty text, as at the end of a file, if there is none."""
        request = {"prompt": prompt.rstrip(), "secret": is_secret}
        try:
            answer = self._link.request("login/input", request).result()
        except (WireError, LinkClosed):
            self.was_cancelled = True
            return ""
        return f"{answer.get('value', '')}\n"

    def show_rest(self) -> None:
        """Sends a line that was begun and not ended."""
        if self._begun:
            self._show(self._begun)
        self._begun = ""

    def _show(self, line: str) -> None:
        self._link.notify("login/prompt", {"kind": "message", "data": line.rstrip("\r")})


@contextmanager
def login_terminal(link: Link) -> Iterator[Terminal]:
    """Puts the terminal in place for as long as a login runs."""
    terminal = Terminal(link)

    def ask_secret(prompt: str = "Password: ", stream: Any = None) -> str:
        return terminal.ask(prompt, is_secret=True).rstrip("\n")

    before = sys.stdin, sys.stdout, getpass.getpass
    sys.stdin, sys.stdout, getpass.getpass = terminal, terminal, ask_secret
    try:
        yield terminal
    finally:
        terminal.show_rest()
        sys.stdin, sys.stdout, getpass.getpass = before
