"""Logging in with the help of a person."""

import asyncio

from nanobot.host import failures, logs
from nanobot.host.calls import invoke
from nanobot.host.link import Link
from nanobot.host.package import Package
from nanobot.host.terminal import login_terminal
from nanobot.host.wire import JsonObject, WireError


def log_in(link: Link, package: Package, section: JsonObject, force: bool) -> bool:
    """Runs `login()` on a loop of its own; true if the channel is logged in afterwards."""

    async def run() -> bool:
        channel = package.construct(section, None)
        return bool(await invoke(channel.login, force=force))

    with login_terminal(link) as terminal:
        try:
            return asyncio.run(run())
        except WireError:
            raise
        except Exception as error:
            if terminal.was_cancelled:
                raise WireError("cancelled", "the login was given up") from error
            logs.exception("login() failed.", error)
            raise failures.of_exception(error) from error
