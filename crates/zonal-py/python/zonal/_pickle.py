"""Functions that pickle calls to restore values of the compiled part."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _native

Pieces = tuple[Any, list[float], int]


def model(data: bytes, pieces: Pieces | None) -> _native.Model:
    """Restore a network, with the callable that was its activation."""
    return _native.Model.from_bytes(data, None if pieces is None else _native.Code(*pieces))


def sums(data: bytes, pieces: Pieces | None) -> _native.Sums:
    """Restore sums, with the callable that was their activation."""
    plain = _native.Sums.from_bytes(data)
    return plain if pieces is None else plain.with_activation(_native.Code(*pieces))


def survey(text: str, values: npt.NDArray[np.float64]) -> _native.Survey:
    """Restore a survey."""
    return _native.Survey.from_state(text, values)
