"""Case R13: a program without a main guard runs a load test at its top level."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import as_a_user as user


def test_a_program_without_a_main_guard(tmp_path: Path) -> None:
    """It works: neither the workers nor the processes that read a large log run it once more."""
    (tmp_path / "config.py").touch()  # or the log would be beside that of the project
    script = tmp_path / "program.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(user.ROOT)!r})\n"
        "import load_test\n"
        "from edgeload.read.log import stretches\n"
        "stretches._ALONE_BYTES = 0\n"
        "print('top level')\n"
        "code = load_test.main(['--custom-ramp', '2', '--time-between-ramp', '1'])\n"
        "print('exit code', code)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env=user.environment(), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stdout.count("top level") == 1
    assert done.stdout.splitlines()[-1] in ("exit code 0", "exit code 4")  # 4: a busy machine
    requests = (tmp_path / "load_test.log").read_text().count('"event":"request"')
    assert requests == 2 * 10
