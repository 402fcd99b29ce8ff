"""A file with certificates that is none is said before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from certificates import authority
from recording_server import recording_server

from edgeload.commands.run import main
from edgeload.simulator.certificate import self_signed


def test_a_cacert_that_is_no_certificate_gets_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, a folder, a pipe, empty, a key, text, cut off, damaged: exit 2, and no request.

    Also for an endpoint without TLS, where the file would never be read.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROUNDLIGHT_API_TOKEN", "token_of_the_test")
    certificate, key = self_signed()
    lines = certificate.splitlines(keepends=True)
    files = {
        "empty.pem": b"",
        "key.pem": key,
        "text.pem": b"no certificate\n",
        "cut.pem": certificate[:300],
        "damaged.pem": b"".join([*lines[:3], b"!!!!\n", *lines[4:]]),
        "second.pem": certificate + b"".join([lines[0], b"AAAA\n", lines[-1]]),
        "binary.pem": b"\xff\xfe\x00",
    }
    for name, content in files.items():
        Path(name).write_bytes(content)
    Path("folder.pem").mkdir()
    os.mkfifo("pipe.pem")
    with recording_server() as recorder:
        for name in (*files, "folder.pem", "/dev/null", "pipe.pem", "missing.pem"):
            arguments = ["--endpoint-url", recorder.url, "--cacert", name, "--image-pool", "1"]
            assert main(arguments) == 2, name
            out, err = capsys.readouterr()
            assert (out, err.count("\n")) == ("", 1), name
            assert err.startswith(f"CACERT = '{name}': "), name
            if name in ("/dev/null", "pipe.pem"):
                assert "not a regular file" in err
            assert "must be a file with a PEM certificate, for example edge.pem" in err
        assert recorder.seen == []
    assert not Path("load_test.log").exists()
    Path("good.pem").write_bytes(b"\xef\xbb\xbfA comment.\n" + authority().pem)
    assert main(["--endpoint-url", "http://127.0.0.1:9", "--cacert", "good.pem"]) == 5
