"""The first request: which version is spoken, and what the package is.

It is answered before any loop runs, because packages may run code at import that wants none.
"""

from dataclasses import dataclass

from nanobot.host import logs, wire
from nanobot.host.link import Link
from nanobot.host.package import Package
from nanobot.host.pipes import LineReader


@dataclass(frozen=True)
class Greeted:
    """A package that the gateway knows by now."""

    package: Package
    instance: str
    offers: frozenset[str]
    """Names of what the gateway does for channels beside taking their messages."""


class Goodbye(Exception):
    """There is nothing more to do; carries the exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def greet(reader: LineReader, link: Link, key: str, entry_point: str | None) -> Greeted:
    """Waits for ``initialize``, imports the entry point, and answers."""
    request = _wait_for_initialize(reader, link)
    assert request.id is not None
    level = request.params.get("log_level")
    logs.install(level if isinstance(level, str) else None)
    try:
        version = _choose(request.params.get("protocol_versions"))
    except wire.WireError as error:
        link.fail(request.id, error)
        raise Goodbye(wire.EXIT_NO_COMMON_VERSION) from None
    try:
        package = Package.load(key, entry_point)
        answer = {"protocol_version": version, **package.describe()}
    except wire.WireError as error:
        logs.exception("The package cannot be used.", error)
        link.fail(request.id, error)
        raise Goodbye(wire.EXIT_FAILED) from None
    logs.restore()
    link.answer(request.id, answer)
    offered = request.params.get("capabilities")
    offers = frozenset(offered) if isinstance(offered, dict) else frozenset()
    return Greeted(package, str(request.params.get("instance") or key), offers)


def _wait_for_initialize(reader: LineReader, link: Link) -> wire.Call:
    while (line := reader.read()) is not None:
        try:
            message = wire.parse(line)
        except wire.LineError as error:
            logs.emit("warn", "Skipped a line of the gateway.", problem=str(error))
            continue
        if not isinstance(message, wire.Call) or message.id is None:
            continue
        if message.method == "initialize":
            return message
        link.fail(message.id, wire.WireError("not_ready", "initialize has to come first"))
    raise Goodbye(wire.EXIT_OK)


def _choose(offered: object) -> int:
    versions = offered if isinstance(offered, list) else []
    for version in versions:
        if version in wire.PROTOCOL_VERSIONS:
            return int(version)
    ours = ", ".join(map(str, wire.PROTOCOL_VERSIONS))
    raise wire.WireError(
        "unsupported",
        f"this nanobot.host speaks version {ours} of the plugin protocol, not {versions}",
        hint="install the same version of nanobot in both places",
    )
