"""Answers what the gateway asks, after the handshake."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from nanobot import _services
from nanobot.config import _folders
from nanobot.host import failures, logs, wire
from nanobot.host.answers import Requests, id_of
from nanobot.host.bus import GatewayBus
from nanobot.host.calls import Lanes
from nanobot.host.deliveries import Deliveries, Receipts
from nanobot.host.handshake import Greeted
from nanobot.host.health import Health, LifeSigns
from nanobot.host.intake import Intake
from nanobot.host.lifecycle import Lifecycle
from nanobot.host.link import Link
from nanobot.host.login import log_in
from nanobot.host.originals import Originals
from nanobot.host.others import Others
from nanobot.host.package import name_of, overrides
from nanobot.host.recordings import Recordings
from nanobot.host.settings import merged
from nanobot.host.streams import Streams
from nanobot.host.wire import JsonObject, WireError

# Of the given grace, so that the answer arrives before it is over.
_GRACE_SHARE = 0.9
# What deliveries under way may take of it before the channel is stopped.
_DELIVERY_SHARE = 0.4
# Without a request to shut down: after SIGTERM, or when the gateway is gone.
_SHORT_GRACE_SECONDS = 2.5


class Session:
    """One channel and the gateway that asks for it. Lives on the one loop of the process."""

    def __init__(self, link: Link, greeted: Greeted) -> None:
        self._link = link
        self._package = greeted.package
        self._instance = greeted.instance
        self._offers = greeted.offers
        self._loop = asyncio.get_running_loop()
        self._finished: asyncio.Future[int] = self._loop.create_future()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._requests = Requests(link, self._spawn)
        self._health = Health(link)
        self._originals = Originals()
        self._channel: Any = None
        self._life: Lifecycle | None = None
        self._intake: Intake | None = None
        self._others: Others | None = None
        self._draining: asyncio.Task[None] | None = None
        lanes, receipts = Lanes(), Receipts()
        self._deliveries = Deliveries(
            self._package.key, self._originals, lanes, receipts, self._health.success
        )
        self._streams = Streams(
            link, self._originals, lanes, receipts, self._spawn, self._health.success
        )
        self._handlers: dict[str, Callable[[wire.Call], None]] = {
            "ping": self._ping,
            "channel/start": self._start,
            "channel/login": self._login,
            "message/send": self._send,
            "stream/start": self._stream_start,
            "stream/delta": self._stream_delta,
            "stream/end": self._stream_end,
            "shutdown": self._shutdown,
            "$/cancel": self._cancel,
        }

    async def run(self) -> int:
        """Serves until the gateway is done with the channel; returns the exit status."""
        own = asyncio.current_task()
        assert own is not None
        self._tasks.add(own)
        self._watch_signals()
        self._loop.set_exception_handler(lambda _, context: logs.lost(context))
        self._link.read(self._on_call, self._on_end)
        return await self._finished

    # Called in the reading thread.

    def _on_call(self, call: wire.Call) -> None:
        self._later(self._take, call)

    def _on_end(self, is_broken: bool) -> None:
        # A package that blocks the loop must not outlive the gateway.
        last_resort = threading.Timer(3 * _SHORT_GRACE_SECONDS, wire.leave_at_once)
        last_resort.daemon = True
        last_resort.start()
        self._later(self._end, wire.EXIT_FAILED if is_broken else wire.EXIT_OK)

    def _later(self, function: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            pass  # The loop is closed: the process is about to exit.

    # Called on the loop, in the order of the pipe.

    def _take(self, call: wire.Call) -> None:
        handler = self._handlers.get(call.method)
        try:
            if handler is not None:
                handler(call)
            elif call.id is not None:
                raise WireError("unsupported", f"method {call.method} is not known")
            else:
                logs.emit("debug", "Ignored a notification.", method=call.method)
        except Exception as error:
            if call.id is not None:
                self._link.fail(call.id, _invalid(error))
            else:
                logs.emit("warn", "A notification is not valid.", method=call.method, error=error)

    def _ping(self, call: wire.Call) -> None:
        inbound = self._intake.in_flight if self._intake else 0
        counts = {"inbound_in_flight": inbound, "deliveries_in_flight": self._in_flight()}
        self._link.answer(id_of(call), counts)

    def _start(self, call: wire.Call) -> None:
        if self._life is not None:
            raise WireError("invalid", "the channel was started before")
        if self._draining is not None:
            raise WireError("not_ready", "the channel is stopping")
        section, media_folder = self._prepare(call.params)
        signs = LifeSigns(self._tasks)
        self._intake = Intake(
            self._link, self._package.key, self._originals, media_folder, self._health.event
        )
        recordings = Recordings(self._link, "transcription" in self._offers, media_folder)
        _services.offer_transcription(recordings.words)
        others = self._others = Others(self._link, "publish" in self._offers, media_folder)
        bus = GatewayBus(self._intake, self._publish_outbound)
        try:
            channel = self._package.construct(section, bus)
        except WireError as error:
            logs.exception("The channel cannot be made.", error)
            raise
        finally:
            logs.restore()
        checks_senders = overrides(type(channel), "is_allowed")
        self._intake.serve(channel, checks_senders)
        self._warn_about_name(channel)
        self._channel = channel
        self._life = Lifecycle(channel, self._health, signs, self._spawn, self._die)
        self._link.answer(id_of(call), {})
        self._spawn(bus.pump_inbound())
        self._spawn(bus.pump_outbound())
        self._spawn(others.run())
        self._life.start()

    def _login(self, call: wire.Call) -> None:
        self._requests.answer(call, self._log_in(call.params))

    async def _log_in(self, params: JsonObject) -> JsonObject:
        section, _ = self._prepare(params)
        section = merged(self._package.default_config(), section)
        login = partial(log_in, self._link, self._package, section, params.get("force") is True)
        # On a loop and a thread of its own, where a blocking `input()` harms nobody.
        return {"logged_in": await asyncio.to_thread(login)}

    def _send(self, call: wire.Call) -> None:
        self._requests.answer(call, self._deliveries.send(self._running(), call.params))

    def _stream_start(self, call: wire.Call) -> None:
        try:
            self._streams.start(self._running(), call.params)
        except WireError as error:
            self._streams.refuse(call.params, error)

    def _stream_delta(self, call: wire.Call) -> None:
        self._streams.delta(call.params)

    def _stream_end(self, call: wire.Call) -> None:
        self._requests.answer(call, self._streams.end(call.params))

    def _shutdown(self, call: wire.Call) -> None:
        grace = float(call.params.get("grace_ms") or 0) / 1000 * _GRACE_SHARE
        # At once, for the next line may be a delivery.
        draining = self._begin_to_drain(grace)
        self._spawn(self._answer_shutdown(id_of(call), draining))

    async def _answer_shutdown(self, id: int, draining: asyncio.Task[None]) -> None:
        await asyncio.wait({draining})
        self._link.answer(id, {})

    def _cancel(self, call: wire.Call) -> None:
        self._requests.cancel(int(call.params.get("id", 0)))

    def _end(self, status: int) -> None:
        """The gateway is gone, or wants the process to go."""
        self._spawn(self._leave(status))

    async def _leave(self, status: int) -> None:
        await self._drained(_SHORT_GRACE_SECONDS)
        self._die(status)

    def _die(self, status: int) -> None:
        if not self._finished.done():
            self._finished.set_result(status)

    # Stopping.

    async def _drained(self, grace: float) -> None:
        """Stops the channel; whoever asks again waits for the same stop."""
        await asyncio.wait({self._begin_to_drain(grace)})

    def _begin_to_drain(self, grace: float) -> asyncio.Task[None]:
        if self._draining is None:
            self._draining = self._spawn(self._drain(grace))
        return self._draining

    async def _drain(self, grace: float) -> None:
        deadline = time.monotonic() + grace
        if self._intake is not None:
            self._intake.close()
        under_way: set[asyncio.Future[Any]] = {*self._requests.tasks(), *self._streams.interrupt()}
        if under_way:
            await asyncio.wait(under_way, timeout=grace * _DELIVERY_SHARE)
        if self._life is not None:
            await self._life.stop(deadline - time.monotonic())
        if self._others is not None:
            await self._others.finished(max(0.0, deadline - time.monotonic()))
        for request in self._requests.tasks():
            request.cancel()

    def _watch_signals(self) -> None:
        try:
            self._loop.add_signal_handler(signal.SIGTERM, self._end, wire.EXIT_OK)
        except (NotImplementedError, RuntimeError):
            pass  # Not on this system; the end of stdin says the same.

    # Small things.

    def _running(self) -> Any:
        if self._channel is None:
            raise WireError("not_ready", "the channel is not started")
        if self._draining is not None:
            raise WireError("not_ready", "the channel is stopping")
        return self._channel

    def _in_flight(self) -> int:
        return len(self._requests) + len(self._streams)

    def _prepare(self, params: JsonObject) -> tuple[JsonObject, Path]:
        section = params.get("config")
        if not isinstance(section, dict):
            raise WireError("invalid", "params hold no config")
        names = frozenset((self._package.key, self._instance, str(self._class_name())))
        _folders.give(params.get("state_dir"), params.get("media_dir"), names)
        return section, _folders.media(None)

    def _class_name(self) -> Any:
        return getattr(self._package.factory, "name", None)

    def _warn_about_name(self, channel: Any) -> None:
        name, key = name_of(channel, self._package.key), self._package.key
        if name != key:
            logs.emit(
                "warn",
                "The class and its entry point have different names; the entry point's counts.",
                name=name,
                key=key,
            )

    def _publish_outbound(self, message: Any) -> None:
        """Called in any thread."""
        named = getattr(message, "channel", None)
        if named in (self._package.key, self._instance, name_of(self._channel, self._package.key)):
            self._later(self._send_own, message)
        elif self._others is not None:
            self._later(self._others.take, message)

    def _send_own(self, message: Any) -> None:
        self._spawn(self._deliveries.send_own(self._channel, message))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _invalid(error: Exception) -> WireError:
    if isinstance(error, WireError):
        return error
    return WireError("invalid", f"params are not valid: {failures.describe(error)}")
