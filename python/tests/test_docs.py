"""The example in the guide for authors runs."""

import re
from pathlib import Path
from typing import Any

from gateway import HERE

ROOT = HERE.parents[1]
GUIDE = ROOT / "docs" / "plugins-python.md"
PROMISES = ROOT / "docs" / "python-promises.md"


def test_each_promise_has_a_test_that_is_there() -> None:
    rows = [line for line in PROMISES.read_text().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if "test |" not in row]
    assert len(rows) == 41
    for row in rows:
        named = re.findall(r"`([\w/.-]+)::(\w+)`", row)
        assert named, f"no test for {row}"
        for file, test in named:
            assert re.search(rf"\bfn {test}\(|\bdef {test}\(", (ROOT / file).read_text()), test


async def test_the_echo_channel_of_the_guide_works(spawn: Any, tmp_path: Path) -> None:
    code = re.search(r"```python\n(# nanobot_channel_echo.*?)```", GUIDE.read_text(), re.DOTALL)
    assert code is not None
    (tmp_path / "nanobot_channel_echo.py").write_text(code[1])
    gateway = await spawn(
        "echo",
        "--entry-point",
        "nanobot_channel_echo:EchoChannel",
        env={"PYTHONPATH": f"{HERE.parent}:{tmp_path}"},
    )
    description = await gateway.initialize()
    await gateway.start(**{**description["default_config"], "allowFrom": ["*"]})
    assert (await gateway.next(gateway.received))["text"] == "Hello!"
    await gateway.send("Hi")
    await gateway.log("-> c: Hi")
    assert await gateway.shutdown() == 0
