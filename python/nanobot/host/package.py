"""A channel package: found by its entry point, described, constructed."""

import importlib.metadata
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nanobot.channels.base import BaseChannel
from nanobot.host import failures, logs
from nanobot.host.wire import JsonObject, WireError, plain

GROUP = "nanobot.channels"
# The host joins deltas that wait, so a few may be under way while one is being delivered.
STREAM_WINDOW = 4
MAX_INBOUND_IN_FLIGHT = 64

_REQUIRED = ("start", "stop", "send")


@dataclass(frozen=True)
class Package:
    """What an entry point led to: a channel class, or a function that makes a channel."""

    key: str
    factory: Callable[..., Any]
    name: str
    version: str

    @classmethod
    def load(cls, key: str, entry_point: str | None) -> "Package":
        """Imports the entry point, and nothing else of the package."""
        found = _find(key, entry_point)
        try:
            factory = found.load()
        except (Exception, SystemExit) as error:
            raise _not_importable(found, error) from error
        _check(found, factory)
        distribution = found.dist
        if distribution is None:
            return cls(key, factory, found.module, "0")
        return cls(key, factory, distribution.name, distribution.version)

    @property
    def is_class(self) -> bool:
        """False for a function, of which little is known before it is called."""
        return inspect.isclass(self.factory)

    @property
    def display_name(self) -> str:
        """Name for people."""
        own = getattr(self.factory, "display_name", None)
        if isinstance(own, str) and own and own != BaseChannel.display_name:
            return own
        return self.key.replace("_", " ").replace("-", " ").title()

    @property
    def can_stream(self) -> bool:
        """False only if no channel of this package ever streams."""
        return not self.is_class or overrides(self.factory, "send_delta")

    @property
    def can_login(self) -> bool:
        """True if there is more to a login than saying yes."""
        return self.is_class and overrides(self.factory, "login")

    @property
    def can_vouch(self) -> bool:
        """False only if no channel of this package has a rule of its own for who may write."""
        return not self.is_class or overrides(self.factory, "is_allowed")

    def default_config(self) -> JsonObject:
        """The section to start from; whatever goes wrong in it is the package's own affair."""
        default: Any = {}
        try:
            make = getattr(self.factory, "default_config", None)
            default = make() if callable(make) else {}
            dump = getattr(default, "model_dump", None)
            default = dump(by_alias=True) if callable(dump) else default
            if not isinstance(default, Mapping):
                raise TypeError(f"default_config() returned {type(default).__name__}, not a dict")
        except (Exception, SystemExit) as error:
            logs.exception("default_config() failed; an empty default is used.", error)
            default = {}
        return {**plain(default), "enabled": False}

    def describe(self) -> JsonObject:
        """The answer to ``initialize``, without the version of the protocol."""
        capabilities: JsonObject = {}
        if self.can_stream:
            capabilities["streaming"] = {"window": STREAM_WINDOW}
        if self.can_login:
            capabilities["login"] = {}
        if self.can_vouch:
            capabilities["vouches"] = {}
        return {
            "plugin": {"name": self.name, "version": self.version},
            "channel": {"kind": self.key, "display_name": self.display_name},
            "capabilities": capabilities,
            "config_schema": {"type": "object"},
            "default_config": self.default_config(),
            "limits": {"max_inbound_in_flight": MAX_INBOUND_IN_FLIGHT},
        }

    def construct(self, section: JsonObject, bus: Any) -> Any:
        """Makes the channel."""
        try:
            channel = self.factory(section, bus)
        except (Exception, SystemExit) as error:
            raise _not_constructible(error) from error
        if missing := _missing(channel):
            raise WireError("invalid", f"{self.key} made no channel: it lacks {missing}")
        _add_transcription(channel)
        return channel


def overrides(cls: Any, method: str) -> bool:
    """True if a class has its own version of one of the optional methods."""
    own = getattr(cls, method, None)
    return own is not None and own is not getattr(BaseChannel, method)


def name_of(channel: Any, key: str) -> str:
    """The name that a channel gives to itself; the key where it has none."""
    try:
        name = channel.name
    except Exception:
        return key
    return name if isinstance(name, str) and name else key


def _add_transcription(channel: Any) -> None:
    """Gives channels that do not derive from ours what they may look for.

    The key stays empty: the gateway keeps it, and transcribes by itself.
    """
    for name in ("transcription_provider", "transcription_api_key"):
        if not hasattr(channel, name):
            try:
                setattr(channel, name, getattr(BaseChannel, name))
            except AttributeError:
                pass  # A class with slots; it cannot be looking for them.


def _find(key: str, value: str | None) -> importlib.metadata.EntryPoint:
    found = list(importlib.metadata.entry_points(group=GROUP))
    if value is not None:
        matching = [point for point in found if point.value == value]
        matching.sort(key=lambda point: point.name != key)
        return matching[0] if matching else importlib.metadata.EntryPoint(key, value, GROUP)
    named = [point for point in found if point.name == key]
    if not named:
        known = ", ".join(sorted({point.name for point in found})) or "none"
        raise WireError(
            "invalid",
            f"no package in {sys.prefix} has the entry point {key} in {GROUP} (found: {known})",
            hint=f"install the channel's package with {sys.executable} -m pip install",
        )
    if len({point.value for point in named}) > 1:
        values = ", ".join(sorted({point.value for point in named}))
        logs.emit("warn", "Several packages have this entry point; the first is used.", all=values)
    return named[0]


def _check(found: importlib.metadata.EntryPoint, factory: Any) -> None:
    if not callable(factory):
        raise _not_a_channel(found, "it is neither a class nor a function")
    if not inspect.isclass(factory):
        return
    if missing := _missing(factory):
        raise _not_a_channel(found, f"it lacks {missing}")
    if inspect.isabstract(factory):
        methods = ", ".join(sorted(getattr(factory, "__abstractmethods__", ())))
        raise _not_a_channel(found, f"it does not implement {methods}")


def _missing(channel: Any) -> str:
    lacking = [name for name in _REQUIRED if not callable(getattr(channel, name, None))]
    return ", ".join(lacking)


def _not_a_channel(found: importlib.metadata.EntryPoint, problem: str) -> WireError:
    return WireError("invalid", f"{found.value} is not a channel: {problem}")


def _not_importable(found: importlib.metadata.EntryPoint, error: BaseException) -> WireError:
    hint = None
    if isinstance(error, ModuleNotFoundError):
        hint = f"install what is missing with {sys.executable} -m pip install"
    text = f"importing {found.value} failed: {failures.describe(error)}"
    return WireError("internal", text, hint=hint)


def _not_constructible(error: BaseException) -> WireError:
    if isinstance(error, WireError):
        return error
    kind = failures.of_exception(error).kind
    if isinstance(error, (TypeError, ValueError, LookupError)):
        # Pydantic's error is a ValueError, a key that is not in the section a LookupError.
        kind = "invalid"
    return WireError(kind, f"the channel cannot be made: {failures.describe(error)}")
