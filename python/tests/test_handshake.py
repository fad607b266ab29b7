"""The first words, and who is refused."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gateway import Failure


def by_hand(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "nanobot.host", *arguments],
        env={"PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_started_by_hand_it_says_what_to_do() -> None:
    result = by_hand("webhook")
    assert (result.returncode, result.stdout) == (64, "")
    assert "nanobot gateway" in result.stderr


def test_a_wrong_command_line_is_a_usage_error() -> None:
    assert by_hand().returncode == 64
    assert by_hand("--version").stdout.startswith("0.2.")


async def test_a_class_is_described(described: Any) -> None:
    gateway = await described("driven:Streaming")
    assert gateway.description == {
        "protocol_version": 1,
        "plugin": {"name": "driven", "version": "0"},
        "channel": {"kind": "driven", "display_name": "Driven"},
        "capabilities": {"streaming": {"window": 4}},
        "config_schema": {"type": "object"},
        "default_config": {"enabled": False, "port": 9000, "allowFrom": []},
        "limits": {"max_inbound_in_flight": 64},
    }
    assert await gateway.close() == 0


async def test_capabilities_are_what_the_class_overrides(described: Any) -> None:
    assert (await described("driven:Driven")).description["capabilities"] == {}
    login = await described("odd:NeedsLogin")
    assert login.description["capabilities"] == {"login": {}}


async def test_a_typed_default_is_written_in_camel_case_and_disabled(described: Any) -> None:
    gateway = await described("odd:Typed")
    assert gateway.description["default_config"] == {
        "enabled": False,
        "allowFrom": [],
        "pollIntervalSeconds": 30,
        "streaming": False,
    }


async def test_a_default_that_raises_is_reported_and_empty(described: Any) -> None:
    gateway = await described("odd:RaisesInDefaultConfig")
    assert gateway.description["default_config"] == {"enabled": False}
    assert "no defaults today" in (await gateway.log("default_config() failed"))["message"]


async def test_a_function_is_an_entry_point_too(described: Any) -> None:
    gateway = await described("odd:make_duck", key="my-duck")
    description = gateway.description
    assert description["channel"] == {"kind": "my-duck", "display_name": "My Duck"}
    assert description["default_config"] == {"enabled": False}


async def test_a_class_that_derives_from_nothing_is_described(described: Any) -> None:
    gateway = await described("odd:Duck")
    assert gateway.description["capabilities"] == {}


async def test_no_common_version_is_refused_with_its_own_status(spawn: Any) -> None:
    gateway = await spawn("driven", "--entry-point", "driven:Driven")
    with pytest.raises(Failure, match="version 1 of the plugin protocol") as failure:
        await gateway.initialize(protocol_versions=[9, 8])
    assert failure.value.kind == "unsupported"
    assert await gateway.exited() == 76


async def test_the_newest_common_version_is_spoken(spawn: Any) -> None:
    gateway = await spawn("driven", "--entry-point", "driven:Driven")
    assert (await gateway.initialize(protocol_versions=[2, 1]))["protocol_version"] == 1


@pytest.mark.parametrize(
    ("entry_point", "problem"),
    [
        ("bad_import:Channel", "No module named 'a_module_that_is_missing'"),
        ("missing_package:Channel", "No module named 'missing_package'"),
        ("driven:Missing", "Missing"),
        ("bad_exit:Channel", "SystemExit: 5"),
        ("odd:not_a_channel", "neither a class nor a function"),
        ("odd:NotAChannel", "it lacks start, stop, send"),
        ("odd:Unfinished", "it does not implement send, start, stop"),
        ("odd", "neither a class nor a function"),
    ],
)
async def test_what_is_no_channel_is_refused_with_the_reason(
    spawn: Any, entry_point: str, problem: str
) -> None:
    gateway = await spawn("driven", "--entry-point", entry_point)
    with pytest.raises(Failure, match=problem):
        await gateway.initialize()
    assert await gateway.exited() == 1
    assert (await gateway.log("The package cannot be used."))["level"] == "error"


async def test_a_missing_module_comes_with_a_hint(spawn: Any) -> None:
    gateway = await spawn("driven", "--entry-point", "bad_import:Channel")
    with pytest.raises(Failure) as failure:
        await gateway.initialize()
    assert sys.executable in failure.value.error["data"]["hint"]


async def test_only_the_entry_point_is_imported(described: Any) -> None:
    gateway = await described("half_broken:Driven")
    assert gateway.description["plugin"]["name"] == "half_broken"


def write_distribution(folder: Path, name: str, entry_points: str) -> None:
    info = folder / f"{name.replace('-', '_')}-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(f"[nanobot.channels]\n{entry_points}\n")


async def test_an_installed_package_is_found_by_its_key(spawn: Any, tmp_path: Path) -> None:
    write_distribution(tmp_path / "site", "nanobot-channel-driven", "my-driven = driven:Driven")
    tests = Path(__file__).parent
    path = f"{tests.parent}:{tests / 'packages'}:{tmp_path / 'site'}"
    for arguments in [("my-driven",), ("my-driven", "--entry-point", "driven:Driven")]:
        gateway = await spawn(*arguments, env={"PYTHONPATH": path})
        description = await gateway.initialize()
        assert description["plugin"] == {"name": "nanobot-channel-driven", "version": "1.5"}
        assert description["channel"]["kind"] == "my-driven"


async def test_an_unknown_key_names_the_known_ones(spawn: Any, tmp_path: Path) -> None:
    write_distribution(tmp_path / "site", "nanobot-channel-driven", "my-driven = driven:Driven")
    path = f"{Path(__file__).parent.parent}:{tmp_path / 'site'}"
    gateway = await spawn("other", env={"PYTHONPATH": path})
    with pytest.raises(Failure, match="no package in .* has the entry point other .*my-driven"):
        await gateway.initialize()


async def test_requests_before_initialize_are_not_ready(spawn: Any) -> None:
    gateway = await spawn("driven", "--entry-point", "driven:Driven")
    with pytest.raises(Failure) as failure:
        await gateway.request("ping", {})
    assert failure.value.kind == "not_ready"
    await gateway.initialize()
    await gateway.request("ping", {})


async def test_the_end_of_stdin_before_anything_is_a_clean_exit(spawn: Any) -> None:
    gateway = await spawn("driven", "--entry-point", "driven:Driven")
    assert await gateway.close() == 0
