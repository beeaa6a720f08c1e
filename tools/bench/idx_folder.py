# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data for PyTorch's sides of tools/bench/tutorials and tools/bench/epochs."""
import gzip
import shutil
from pathlib import Path


def unpack(folder, root, name):
    """Lays out the four IDX files of `folder` as torchvision expects them under `root`."""
    raw = Path(root) / name / "raw"
    raw.mkdir(parents=True)
    for stem in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        plain = Path(folder) / stem
        with open(plain, "rb") if plain.exists() else gzip.open(f"{plain}.gz") as source, open(raw / stem, "wb") as target:
            shutil.copyfileobj(source, target)
