"""The two laws by which telephones make eight bits of a sample (ITU-T G.711)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def _ulaw() -> NDArray[np.float32]:
    code = np.arange(256, dtype=np.int32) ^ 0xFF
    exponent, mantissa = code >> 4 & 7, code & 15
    level = ((2 * mantissa + 33) << exponent) - 33
    return _signed(level * 4, code & 0x80 != 0)


def _alaw() -> NDArray[np.float32]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = code >> 4 & 7, code & 15
    level = (2 * mantissa + 1 + 32 * (exponent > 0)) << np.maximum(exponent - 1, 0)
    return _signed(level * 8, code & 0x80 == 0)


def _signed(level: NDArray[np.int32], negative: NDArray[np.bool_]) -> NDArray[np.float32]:
    return (np.where(negative, -level, level) / 32768).astype(np.float32)


ULAW, ALAW = _ulaw(), _alaw()
"""By the code: the sample, full scale 1."""
