"""The example in the guide for authors runs."""

import re
from pathlib import Path
from typing import Any

from gateway import HERE

GUIDE = HERE.parents[1] / "docs" / "plugins-python.md"


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
