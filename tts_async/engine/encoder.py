"""What every writer of sound files can do."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """An open sound file."""

    def write(self, samples: NDArray[np.float32], /) -> object:
        """Append mono samples, in no larger blocks than `sound.stitch.BLOCK_FRAMES`."""

    def close(self) -> object:
        """Write what is left; a second time it does nothing."""
