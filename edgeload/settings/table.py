"""The settings as a table in Markdown: `python -m edgeload.settings.table > docs/settings.md`."""

from __future__ import annotations

import sys
from typing import get_args

from edgeload.settings.declaration import Group
from edgeload.settings.fields import Fields, declared, metavar_of, option_of

_HEAD = """\
# Settings

This page is made from the declarations in `edgeload/settings/fields.py` by
`python -m edgeload.settings.table > docs/settings.md`; a test holds the two together.

Each setting can be a constant of `config.py`, and is an option of `load_test.py` and of
`edgeload run`. The command line wins over `config.py`, and `config.py` over the defaults.
`config.py` is looked for in the working folder, then beside the script; `edgeload run` looks in the
working folder only. Relative paths in `config.py` are relative to that file, also those of the log
and the results; paths on the command line, and those that neither names, are relative to the
working folder. The keys of a mix file are explained in [mix.md](mix.md).

A time is a number of seconds, or has units: `500ms`, `30s`, `2m`, `1m30s`, `1h`. In `config.py` one
with units is a text: `TIME_BETWEEN_RAMP = "2m"`.

To complete options, commands and words such as `poisson` with Tab, type this in bash, after
`source .venv/bin/activate`: `source <(activate-global-python-argcomplete --dest=-)`. It works for
`edgeload run …`, `python load_test.py …` and `python -m edgeload …`.

The last column says whether a setting changes what is measured. A comparison of two runs names
those settings if they differ, and ignores the others. (It compares load by load, so the length of
a ramp does not matter.)
"""


def table() -> str:
    """The whole page: one section per option group, one row per setting."""
    parts = [_HEAD]
    for group in get_args(Group):
        names = [name for name in Fields.model_fields if declared(name).group == group]
        rows = "\n".join(map(_row, names))
        parts.append(
            f"## {group}\n\n"
            "| setting | option | unit | default | meaning | changes what is measured |\n"
            f"| --- | --- | --- | --- | --- | --- |\n{rows}\n"
        )
    return "\n".join(parts)


def _row(name: str) -> str:
    setting, field = declared(name), Fields.model_fields[name]
    metavar = metavar_of(name)
    option = f"`{option_of(name)} {metavar}`" if metavar else f"`{option_of(name)}`"
    cells = (
        f"`{name.upper()}`",
        "never an option" if setting.form == "secret" else option,
        setting.unit,
        "" if field.default in (None, ()) else f"`{field.default}`",
        setting.help,
        "yes" if setting.measured else "no",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.buffer.write(table().encode())  # a file in UTF-8 in any locale
