"""Keyed randomness: every draw is a pure function of what it is for."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


def keyed_rng(seed: int, purpose: str, sequence: int = -1, frame: int = -1) -> np.random.Generator:
    """Return the generator that belongs to one seed, sequence, frame and purpose.

    Philox is counter based and its 128-bit key is the blake2b digest of the arguments, so a draw depends on
    nothing that was drawn before. ``-1`` stands for "of the whole part" and "of the whole sequence".
    """
    digest = blake2b(f"{seed}/{sequence}/{frame}/{purpose}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
