"""What the numbers are measured on: this machine, and the same images for every contender."""

from __future__ import annotations

import os
import pickle
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Instruction sets that decide how fast convolutions are, as Linux names them.
INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16")


def describe() -> dict[str, Any]:
    """Processor, cores that this process may use, instruction sets, memory (GiB), system, packages,
    and load at the start."""
    cpu = Path("/proc/cpuinfo")
    text = cpu.read_text() if cpu.exists() else ""
    names = dict(re.findall(r"^(model name|flags|Features)\s*:\s*(.*)$", text, re.MULTILINE))
    flags = (names.get("flags") or names.get("Features") or "").split()
    affinity = hasattr(os, "sched_getaffinity")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": names.get("model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if affinity else os.cpu_count() or 1,
        "instruction_sets": [name for name in INSTRUCTION_SETS if name in flags],
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("torch", "torchvision", "numpy")},
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def write_noise(root: Path, count: int) -> None:
    """A ``cifar10`` store of ``count`` random training images, and a fifth as many for testing.

    Training takes as long on noise as on photographs; the table says which it was.
    """
    import numpy as np

    from benchmarks.data import info, store

    random = np.random.default_rng(0)
    splits = {}
    for name, size in (("train", count), ("test", -(-count // 5))):
        pixels = random.integers(0, 256, (size, 32, 32, 3), dtype=np.uint8)
        splits[name] = store.Split(pixels, random.integers(0, 10, size))
    store.write(store.build("cifar10", info("cifar10").classes, splits), root)


def write_torchvision(data: Path, root: Path) -> None:
    """The store's training images as the five pickles that torchvision's CIFAR10 unpacks."""
    import numpy as np

    from benchmarks.data import store

    dataset = store.read(data, "cifar10")
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for number, part in enumerate(np.array_split(np.arange(len(dataset.train)), 5), start=1):
        pixels = np.array(dataset.train.images[part]).transpose(0, 3, 1, 2).reshape(len(part), -1)
        labels = [int(label) for label in dataset.train.labels[part]]
        entry = {"data": np.ascontiguousarray(pixels), "labels": labels}
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps(entry))
    meta = {"label_names": list(dataset.classes)}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta))
