"""A long benchmark through a detector that costs nothing: throughput, memory over time, and how soon it resumes.

Frames are hard links to those of DATA, over and over under new names; five cells each. The run is a process of its own,
so that its memory is its own; it is stopped once in the middle, to see what a resume takes. The detector finds nothing,
or as many boxes in every picture as are asked for: what is found is what scoring has to hold.

Usage: python tests/benchmarks/bench_scale.py DATA FOLDER [--frames 20000] [--scenarios clear,fog:3,…] [--boxes 300]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil

import wutdet
from wutdet.detectors import Detections, Detector

BOXES = "BENCH_SCALE_BOXES"
"""The variable that tells the detector in the other process how many boxes to give."""


def make_boxes() -> Detector:
    """A detector that gives boxes drawn from the size of the picture, always the same, the best score first."""
    count = int(os.environ[BOXES])
    rng = np.random.default_rng(0)
    corners, sides = rng.random((count, 2)) * 0.9, rng.random((count, 2)) * 0.1
    share = np.concatenate([corners, corners + sides], axis=1)
    scores = np.sort(rng.random(count))[::-1]

    def boxes(frames):
        return [Detections(share * np.tile(frame.shape[1::-1], 2), scores) for frame in frames]

    boxes.__qualname__ = f"boxes{count}"
    return boxes


def link_frames(data: Path, folder: Path, count: int) -> Path:
    """A COCO file of `count` frames beside hard links to the frames of DATA."""
    labels = folder / "frames.json"
    if labels.exists():
        return labels
    source = wutdet.load(data)
    frames = list(source)
    folder.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number in range(count):
        frame = frames[number % len(frames)]
        name = f"{number:07d}{frame.path.suffix}"
        os.link(frame.path, folder / name)
        images.append({"id": number, "file_name": name, "width": frame.width, "height": frame.height})
        images[-1]["horizon_row"] = 0.4 * frame.height
        for x0, y0, x1, y1 in frame.boxes.tolist():
            box = [x0, y0, x1 - x0, y1 - y0]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "category_id": 1, "bbox": box, "area": box[2] * box[3]}
            )
    categories = [{"id": 1, "name": "ship"}]
    labels.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return labels


def recorded(out: Path) -> int:
    return len(list((out / "shards").glob("*.msgpack")))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--scenarios", default="clear,fog:3,rain:3,glare:3,lowlight:3")
    parser.add_argument(
        "--render-threads", type=int, default=2, help="the detector costs nothing: all cores may render"
    )
    parser.add_argument("--boxes", type=int, default=0, help="that the detector gives for every picture")
    chosen = parser.parse_args()
    labels = link_frames(chosen.data, chosen.folder / "frames", chosen.frames)
    out = chosen.folder / "run"
    command = [sys.executable, "-m", "wutdet", "benchmark", str(labels), "--detector", "bench_scale:make_boxes"]
    command += ["--scenarios", chosen.scenarios, "--interval", "0", "--out", str(out)]
    command += ["--render-threads", str(chosen.render_threads)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent), BOXES: str(chosen.boxes)}
    shards, stopped, begun = -(-chosen.frames // 8), False, time.monotonic()
    had = recorded(out)
    print(f"{chosen.frames} frames, {shards} shards, {had} of them recorded before")
    while True:
        life = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        watched, started, before, first, peak = psutil.Process(life.pid), time.monotonic(), recorded(out), None, 0
        complete, until_complete = None, 0
        while life.poll() is None:
            time.sleep(0.2)
            done = recorded(out)
            if first is None and done > before:
                first = time.monotonic() - started
                print(f"first new shard after {first:.1f} s, {before} recorded before", flush=True)
            try:
                peak = max(peak, watched.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            if done < shards:
                until_complete = peak
            elif complete is None:
                complete = time.monotonic()
            if int(time.monotonic() - started) % 60 == 0 and done:
                mb = watched.memory_info().rss / 1e6 if watched.is_running() else 0
                print(f"{time.monotonic() - begun:6.0f} s  {done:5d} shards  {mb:6.0f} MB", flush=True)
                time.sleep(1)
            if not stopped and done > shards // 2:
                life.send_signal(signal.SIGKILL)
                stopped = True
        life.wait()
        seconds = time.monotonic() - started
        done = recorded(out)
        rate = 8 * (done - before) / seconds
        how = "killed" if life.returncode else "finished"
        print(f"{how}: {done} shards, {rate:.1f} frames/s, peak {peak / 1e6:.0f} MB")
        if complete is not None:
            took, least = time.monotonic() - complete, until_complete / 1e6
            print(f"scored in {took:.1f} s; until then the peak was {least:.0f} MB", flush=True)
        if life.returncode == 0:
            return


if __name__ == "__main__":
    main()
