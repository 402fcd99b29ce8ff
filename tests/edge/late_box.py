"""A box that loses the answer to a PUT and obeys it later, and answers every further one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from recording_server import Handler, recording_server

A, B = (f"det_{letter * 27}" for letter in "AB")


@dataclass
class LateBox:
    """`lands_after`: of so many questions, the first of which may be those of the PUT itself."""

    lands_after: int = 6
    url: str = ""
    config: dict[str, Any] = field(
        default_factory=lambda: {
            "global_config": {},
            "edge_inference_configs": {"default": {"enabled": True}},
            "detectors": [{"detector_id": A, "edge_inference_config": "default"}],
        }
    )
    on_its_way: dict[str, Any] | None = None
    puts: int = 0

    def asked(self) -> None:
        """Its configuration is read."""
        self.lands_after -= 1
        if self.on_its_way is not None and self.lands_after <= 0:
            self.config, self.on_its_way = self.on_its_way, None


@contextlib.contextmanager
def late_box(**options: Any) -> Iterator[LateBox]:
    """Such a box, which runs."""
    box = LateBox(**options)

    class Late(Handler):
        def do_GET(self) -> None:
            box.asked()
            self.reply(200, json.dumps(box.config).encode())

        def do_PUT(self) -> None:
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            box.puts += 1
            if box.puts == 1:
                box.on_its_way = wanted
                self.reset()
            else:
                box.config = wanted
                self.reply(200, b"null")

    with recording_server(handler=Late) as server:
        box.url = server.url
        yield box
