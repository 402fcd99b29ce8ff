"""A mix of three camera groups on four detectors, and how many requests it has."""

from __future__ import annotations

from pathlib import Path

D1, D2, D3, D4 = ("det_" + letter * 27 for letter in "KLMN")
THREE_GROUPS = f"""
- name: door
  detector_id: {D1}
  cameras: 3
  requests_per_second: 5
- name: gate
  detector_id: {D2}
  requests_per_second: 2
  then: [{{detector: {D3}, requests: 3}}, {{detector: {D4}}}]
- name: label
  detector_id: {D3}
  cameras: 2
  requests_per_second: 4
  image_size: 64x48
  late: latest
"""
# Two steps of 3 s with one and two copies: frames of each group.
FRAMES = {"door": 3 * 5 * 9, "gate": 2 * 9, "label": 2 * 4 * 9}
PER_DETECTOR = {D1: 135, D2: 18, D3: 3 * 18 + 72, D4: 18}


def mix_of_three(folder: Path) -> list[str]:
    """Options of a load test with two steps of it; its file goes to `folder`."""
    (folder / "mix.yaml").write_text(THREE_GROUPS)
    return [
        "--mix", str(folder / "mix.yaml"), "--custom-ramp", "1,2", "--time-between-ramp", "3",
    ]  # fmt: skip
