"""One column of a table while a log is read. One value that all rows share takes no room."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from io import BufferedIOBase
from typing import IO, Any

import numpy as np
import numpy.typing as npt

ColumnValues = npt.NDArray[Any]

_AT_ONCE = 1 << 15


class GrowingColumn:
    """Values of one type, one a row. As long as all are the same, only that one is kept."""

    def __init__(self, code: str) -> None:
        """`code` is a type code of `array` and of numpy alike."""
        self._code = code
        self._count = 0
        self._shared: array[Any] = array(code)
        """The value that all rows have; empty without rows, or if `_values` has them one by one."""
        self._values: array[Any] = array(code)

    def __len__(self) -> int:
        return self._count

    def repeat(self, value: float, count: int) -> None:
        """Append one value many times."""
        self.extend(np.broadcast_to(np.array(value, self._code), count))

    def extend(self, more: array[Any] | ColumnValues) -> None:
        """Append values of this column's type."""
        new = np.asarray(more, self._code)
        if not len(new):
            return
        if len(self._values) == 0 and self._shares(new):
            self._shared = self._shared or array(self._code, new[:1].tobytes())
        else:
            self._values = self._values or self._shared * self._count
            self._values.frombytes(np.ascontiguousarray(new).data.cast("B"))
            self._shared = array(self._code)
        self._count += len(new)

    def _shares(self, new: ColumnValues) -> bool:
        """Whether these values and those so far are the same, to the bit: also not a number."""
        first = np.frombuffer(self._shared, self._code) if self._count else new[:1]
        bits = f"u{new.itemsize}"
        wanted, found = first.view(bits)[0], new.view(bits)
        return bool(found[-1] == wanted and (not any(new.strides) or (found == wanted).all()))

    def view(self) -> ColumnValues:
        """All values. None of them is copied, so the column must not grow while this is in use."""
        if not len(self._values):
            one = np.frombuffer(self._shared, self._code) if self._count else np.zeros(1)
            return np.broadcast_to(one.astype(self._code), self._count)
        return np.frombuffer(self._values, self._code)

    def save_to(self, file: IO[bytes]) -> None:
        """Write what a pickle of this column leaves out: the values themselves."""
        self._values.tofile(file)

    def parts(self, file: BufferedIOBase | None = None) -> Iterator[ColumnValues]:
        """All values; those of a column out of a pickle in the portions that `file` still holds.

        Each is good until the next is asked for. Raises EOFError if the file ends before.
        """
        if file is None or self._shared:
            yield self.view()
            return
        left, portion = self._count, np.empty(_AT_ONCE, self._code)
        while left:
            part = portion[: min(left, _AT_ONCE)]
            if file.readinto(part.data.cast("B")) != part.nbytes:
                raise EOFError("a column is not whole")
            yield part
            left -= len(part)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_values": array(self._code)}
