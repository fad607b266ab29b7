"""The command line, and the life of the process."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence

import nanobot
from nanobot.host import logs, pipes, wire
from nanobot.host.handshake import Goodbye, Greeted, greet
from nanobot.host.link import Link
from nanobot.host.session import Session

_FLUSH_SECONDS = 1.0
_LAST_TASKS_SECONDS = 0.5
# For threads of the package that no `stop()` ended.
_LAST_THREADS_SECONDS = 1.0

_ABOUT = "Runs a Python channel package as a plugin; start it with `nanobot gateway`."


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(wire.EXIT_STARTED_BY_HAND, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one channel; returns the exit status."""
    options = _parser().parse_args(arguments)
    if os.environ.get(wire.ENV_PLUGIN) is None:
        print(f"nanobot.host {nanobot.__version__}\n{_ABOUT}", file=sys.stderr)
        return wire.EXIT_STARTED_BY_HAND
    # Before anything of the package is imported: whatever prints cannot harm the link.
    read, write = pipes.take()
    # Ctrl-C in a terminal reaches the plugins as well, but it is the gateway that stops them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.install(None)
    reader = pipes.LineReader(read)
    link = Link(reader, write)
    # Made before the import, so that a package that asks for the loop there gets this one.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        greeted = greet(reader, link, options.key, options.entry_point)
        status = _serve(loop, link, greeted)
    except Goodbye as goodbye:
        status = goodbye.status
    except (pipes.LineTooLong, SystemExit) as error:
        logs.exception("The plugin ends early.", error)
        status = wire.EXIT_FAILED
    _leave_soon(status)
    link.flush(_FLUSH_SECONDS)
    return status


def _serve(loop: asyncio.AbstractEventLoop, link: Link, greeted: Greeted) -> int:
    async def serve() -> int:
        return await Session(link, greeted).run()

    # Again, as a package that calls `asyncio.run()` at import takes it away.
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(serve())
    finally:
        _cancel_rest(loop)


def _cancel_rest(loop: asyncio.AbstractEventLoop) -> None:
    """Cancels what the package left behind, and does not wait for what ignores that."""
    rest = asyncio.all_tasks(loop)
    for task in rest:
        task.cancel()
    if rest:
        loop.run_until_complete(asyncio.wait(rest, timeout=_LAST_TASKS_SECONDS))
    loop.set_exception_handler(lambda loop, context: None)


def _leave_soon(status: int) -> None:
    """Ends the process even if threads of the package go on."""
    last_resort = threading.Timer(
        _FLUSH_SECONDS + _LAST_THREADS_SECONDS, wire.leave_at_once, [status]
    )
    last_resort.daemon = True
    last_resort.start()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m nanobot.host", description=_ABOUT)
    parser.add_argument("key", help="entry point and section of the config, e.g. webhook")
    parser.add_argument(
        "--entry-point",
        metavar="MODULE:CLASS",
        help="what the entry point holds; looked up by the key if it is left out",
    )
    parser.add_argument("--version", action="version", version=nanobot.__version__)
    return parser
