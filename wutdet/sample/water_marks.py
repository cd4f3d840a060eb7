"""What a ship does to the water: a faint reflection, a bow wave and a wake. None of it is in the box."""

from __future__ import annotations

from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from wutdet.sample.geometry import View
from wutdet.sample.raster import Sprite
from wutdet.sample.textures import TILE, sample, wave_field
from wutdet.sample.traffic import Track

Image = NDArray[np.float32]


def draw_reflection(image: Image, view: View, sprite: Sprite, slope: float) -> None:
    """Mirror a ship below its waterline, torn by the waves; rough water mirrors less."""
    foot = min(round(sprite.waterline) - sprite.top, sprite.pixels.shape[0])
    if foot < 3:
        return
    source = sprite.pixels[:foot][::-1]
    depth = min(int(foot * 0.9), view.height - sprite.top - foot)
    if depth < 1:
        return
    h, w = depth, source.shape[1]
    rows = np.arange(h, dtype=np.float32)[:, None]
    columns = np.arange(w, dtype=np.float32)[None, :]
    tear = sample(
        wave_field(1),
        (columns * 1.3 + sprite.left * 1.3) % TILE + np.zeros_like(rows),
        (rows * 5 + sprite.top % TILE) + np.zeros_like(columns),
    )
    strength = min(0.12 * foot, 6.0)
    mirrored = cv2.remap(
        source,
        columns + tear * strength * 0.6,
        rows / 0.9 + tear * strength,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0, 0),
    )
    mirrored = cv2.blur(mirrored, (3, max(1, min(foot // 6, 9)) | 1))
    share = (0.60 - 3.0 * slope) * np.exp(-rows / (0.6 * foot))[..., None]
    first = sprite.top + foot
    target = image[first : first + h, sprite.left : sprite.left + w]
    target *= 1 - share * mirrored[..., 3:]
    target += share * mirrored[..., :3]


def draw_wake(image: Image, view: View, track: Track, time_s: float) -> None:
    """Draw foam behind a moving ship, a bow wave and a thin line of foam along the hull."""
    if track.speed_m_s < 0.5:
        return
    length, beam = track.model.length_m, track.model.beam_m
    reach = length * 0.5 + min(track.speed_m_s * 22, 3.5 * length)
    pace = min(track.speed_m_s / 5.0, 1.0)
    x = np.concatenate([np.linspace(0.49, -0.5, 12) * length, -length * 0.5 - np.linspace(0, 1, 14)[1:] ** 1.5 * reach])
    behind = np.clip((-x - 0.5 * length) / reach, 0, 1)
    bow = np.clip(x / length - 0.30, 0, 0.2) / 0.2
    half = beam * (0.5 + 0.10 * pace + 0.30 * behind) + 0.10 * beam * bow
    foam = pace * np.where(x > -0.5 * length, 0.40 + 0.5 * bow, 0.62 * (1 - behind) ** 1.3)
    _foam_strip(image, view, track, time_s, np.stack([x, half, foam], axis=1))


def _foam_strip(image: Image, view: View, track: Track, time_s: float, strip: NDArray[np.float64]) -> None:
    """Blend a strip of foam: stations (n, 3) of x, half width and strength in ship axes."""
    place = track.at(time_s)
    s, c = sin(track.heading_rad), cos(track.heading_rad)
    edges = []
    for side in (1.0, -1.0):
        right = place[0] + strip[:, 0] * s - side * strip[:, 1] * c
        ahead = place[1] + strip[:, 0] * c + side * strip[:, 1] * s
        right, ahead = view.turned(right, np.maximum(ahead, 20.0))
        ahead = np.maximum(ahead, 20.0)
        edges.append(np.stack([view.column(right, ahead), view.row(ahead)], axis=1))
    points = np.concatenate(edges)
    left, top = np.maximum(np.floor(points.min(axis=0)).astype(int) - 1, 0)
    end = min(int(np.ceil(points[:, 0].max())) + 1, view.width)
    bottom = min(int(np.ceil(points[:, 1].max())) + 1, view.height)
    if left >= end or top >= bottom:
        return
    scale = 4 if end - left < 400 else 2
    canvas = np.zeros(((bottom - top) * scale, (end - left) * scale), np.uint8)
    fixed = np.round(np.clip((np.stack(edges) - [left, top]) * scale, -60_000, 60_000) * 16).astype(np.int32)
    for i in range(len(strip) - 1):
        quad = np.stack([fixed[0, i], fixed[0, i + 1], fixed[1, i + 1], fixed[1, i]])
        cv2.fillPoly(canvas, [quad], float(np.clip(strip[i : i + 2, 2].mean(), 0, 1) * 255), shift=4)
    share = cv2.resize(canvas, (end - left, bottom - top), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    columns = np.arange(left, end, dtype=np.float32)[None, :] * 2 + np.zeros((bottom - top, 1), np.float32)
    rows = np.arange(top, bottom, dtype=np.float32)[:, None] * 7 + np.zeros((1, end - left), np.float32)
    shimmer = sample(wave_field(0), columns % TILE, (rows + np.float32(31 * time_s)) % TILE)
    share *= np.clip(0.72 + 0.38 * shimmer, 0, 1)
    target = image[top:bottom, left:end]
    target += share[..., None] * (np.float32(0.90) - target)
