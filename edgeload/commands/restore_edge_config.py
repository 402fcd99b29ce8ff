"""`load_test.py --restore-edge-config FILE`: puts the box's configuration back, and no more."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from edgeload import exit_codes
from edgeload.edge.edge_config import ConfigFileError
from edgeload.edge.location import Forbidden, Unreachable
from edgeload.edge.putting_back import LOADED_WITHIN_S, ChangedMeanwhile, put_back_from
from edgeload.edge.trust import TlsTrust
from edgeload.plain_words import listed
from edgeload.run.preflight import check_cacert
from edgeload.run.saved_configs import changed_by
from edgeload.settings import SettingError, resolve
from edgeload.settings.fields import RESTORE_OPTION, option_of
from edgeload.settings.single_setting import constant

_NEEDED = ("endpoint_url", "allow_public_target", "insecure", "cacert", "ready_timeout")


def restore_edge_config(
    file: Path, config: Mapping[str, object], options: Mapping[str, object]
) -> int:
    """Put back what is in the file, to the box that it names or that was typed; the exit code.

    No token is needed. Raises SettingError.
    """
    if needless := [option_of(name) for name in options if name not in _NEEDED]:
        raise SettingError(
            f"{RESTORE_OPTION} {file}: does nothing else; must be given without "
            f"{listed(needless)}, for example {RESTORE_OPTION} {file} --insecure"
        )
    names = [name for name in _NEEDED if name != "endpoint_url"]  # the box is that of the file
    settings = resolve(
        {name.upper(): config[name.upper()] for name in names if name.upper() in config},
        {name: options[name] for name in names if name in options},
        {},
    )
    if (pid := changed_by(file)) is not None:
        raise SettingError(
            f"{RESTORE_OPTION} {file}: the run that has saved it (process {pid}) goes on, and puts "
            "it back itself; wait until it has ended, or stop it with Ctrl-C"
        )
    typed = {"ENDPOINT_URL": options["endpoint_url"]} if "endpoint_url" in options else {}
    check_cacert(settings)
    trust = TlsTrust(settings.insecure, settings.cacert)
    try:
        was_changed, url = put_back_from(
            file,
            trust,
            settings.allow_public_target,
            url=constant(typed, "endpoint_url"),
            timeout_s=max(settings.ready_timeout, LOADED_WITHIN_S),
            say=lambda text: print(text, file=sys.stderr),
        )
    except ConfigFileError as problem:
        raise SettingError(
            f"{RESTORE_OPTION} {problem}; must be a file that --set-no-cloud has written, for "
            "example load_test_results/latest/edge-config.json"
        ) from None
    except Forbidden as problem:
        raise SettingError(str(problem)) from None
    except ChangedMeanwhile as problem:
        raise SettingError(
            f"{RESTORE_OPTION} {file}: {problem}; docs/box.md says how to put it back all the same"
        ) from None
    except Unreachable as problem:
        print(problem, file=sys.stderr)
        return exit_codes.UNREACHABLE
    how = "has its own configuration again" if was_changed else "has this configuration already"
    print(f"{url} {how}.")
    return exit_codes.OK
