"""Metadata on its way through the gateway and back."""

import threading
from typing import Any

from nanobot.host.originals import KEY, Originals


def test_text_and_numbers_are_not_kept() -> None:
    originals = Originals()
    metadata = {"a": "x", "b": 1, "c": None, "d": True, "e": 1.5}
    assert originals.to_wire(metadata) == metadata
    assert originals.from_wire(metadata) == metadata
    assert len(originals) == 0


def test_everything_else_comes_back_as_the_object_it_was() -> None:
    originals = Originals()
    lock = threading.Lock()
    state: dict[str, Any] = {"n": 1}
    wire = originals.to_wire({"lock": lock, "pair": (1, 2), "state": state, "id": 3})
    assert {key: wire[key] for key in wire if key != KEY} == {
        "pair": [1, 2],
        "state": {"n": 1},
        "id": 3,
    }
    back = originals.from_wire({**wire, "render_as": "text"})
    assert back == {"lock": lock, "pair": (1, 2), "state": state, "id": 3, "render_as": "text"}
    assert back["state"] is state


def test_numbers_that_json_has_no_form_for_stay_here() -> None:
    originals = Originals()
    wire = originals.to_wire({"x": float("inf")})
    assert list(wire) == [KEY]
    assert originals.from_wire(wire) == {"x": float("inf")}


def test_an_identifier_of_another_process_is_no_key_of_this_one() -> None:
    wire = Originals().to_wire({"pair": (1, 2)})
    other = Originals()
    other.to_wire({"pair": (3, 4)})
    assert other.from_wire(wire) == {"pair": [1, 2]}


def test_entries_that_no_turn_uses_for_a_day_are_dropped() -> None:
    now = 0.0
    originals = Originals(clock=lambda: now)
    unused = originals.to_wire({"pair": (1,)})
    used = originals.to_wire({"pair": (2,)})
    now = 20 * 3600.0
    originals.from_wire(used)
    now = 25 * 3600.0
    originals.to_wire({"pair": (3,)})
    assert originals.from_wire(used) == {"pair": (2,)}
    assert originals.from_wire(unused) == {"pair": [1]}


def test_the_number_of_entries_is_bounded() -> None:
    originals = Originals()
    wires = [originals.to_wire({"pair": (number,)}) for number in range(10_050)]
    assert len(originals) == 10_000
    assert originals.from_wire(wires[-1]) == {"pair": (10_049,)}
    assert originals.from_wire(wires[0]) == {"pair": [0]}


def test_a_message_without_a_turn_is_forgotten() -> None:
    originals = Originals()
    originals.forget(originals.to_wire({"pair": (1,)}))
    originals.forget({})
    assert len(originals) == 0
