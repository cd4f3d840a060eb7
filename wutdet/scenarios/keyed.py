"""Keyed randomness: every draw depends on (frame key, kind, seed) and on nothing else.

Severity is not in the key, so the severities of one frame share their drops, glints and noise and differ
only in strength. There is no global state: same pixels in any order, worker or process.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


def generator(key: str, kind: str, seed: int = 0) -> np.random.Generator:
    """A Philox generator keyed by blake2b of the frame's `key`, the `kind` of use and the `seed`.

    Philox is counter-based (Salmon et al. 2011, *Parallel random numbers: as easy as 1, 2, 3*): its 128-bit
    key alone decides the stream.
    """
    digest = blake2b(f"{key}\0{kind}\0{seed}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
