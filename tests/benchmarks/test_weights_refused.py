"""Weight files that would crash the reader, hang it, or be read in part."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import weight_files as made
from safetensors.torch import save_file

from benchmarks import weights
from benchmarks.errors import UserError
from benchmarks.weights import read


def _crashing(path: Path) -> Path:
    """A Keras file with one byte changed, on which the HDF5 library crashes."""
    random = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"c1", b"c2"]
        for name in ("c1", "c2"):
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()]
            values = random.standard_normal((3, 3, 2, 4)).astype(np.float32)
            group.create_dataset(f"{name}/kernel:0", data=values, compression="gzip")
            group[f"{name}/bias:0"] = np.zeros(4, np.float32)
    content = bytearray(path.read_bytes())
    content[857] = 41
    path.write_bytes(content)
    walk = "import h5py, sys\nfor group in h5py.File(sys.argv[1]).values(): dict(group.attrs)"
    walk += "\ndict(h5py.File(sys.argv[1]).attrs)"
    done = subprocess.run([sys.executable, "-c", walk, path], capture_output=True, check=False)
    if done.returncode >= 0:
        pytest.skip("this version of the HDF5 library does not crash on that file")
    return path


def test_a_file_that_crashes_the_hdf5_library_is_one_line(tmp_path: Path) -> None:
    path = _crashing(tmp_path / "net.h5")
    program = (
        "import sys, pathlib\nfrom benchmarks.errors import UserError\n"
        "from benchmarks.weights import read\n"
        "try: read(pathlib.Path(sys.argv[1]))\nexcept UserError as error: print(error)"
    )
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    root = str(Path(weights.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, path.name],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = done.stdout.splitlines()
    assert "net.h5 is damaged (it crashes the HDF5 library, SIG" in line


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda kernel: kernel.to_sparse(), "a sparse_coo tensor"),
        (lambda kernel: kernel.flatten(1).to_sparse_csr(), ""),
        (lambda kernel: kernel.to("meta"), "a tensor on the device meta"),
        (lambda kernel: kernel.to(torch.int8), "of type int8"),
        (lambda kernel: kernel.to(torch.complex64), "of type complex64"),
        (lambda kernel: torch.quantize_per_tensor(kernel, 0.1, 0, torch.qint8), "of type qint8"),
        (lambda kernel: kernel.to(torch.float8_e4m3fn), ""),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse", "ignore:.*quantiz")
def test_tensors_that_hold_no_plain_floats_are_named(
    make: Callable[[torch.Tensor], torch.Tensor], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.pt"
    kernel = torch.ones(4, 4, 3, 3)
    torch.save({"stem.weight": kernel, "body.weight": make(kernel)}, path)
    if not words:
        assert read(path)[0].name == "stem"
        return
    with pytest.raises(UserError) as caught:
        read(path)
    assert f"{path}: body.weight is {words}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.int8, torch.complex64])
def test_whole_numbers_in_safetensors_are_named(dtype: torch.dtype, tmp_path: Path) -> None:
    kernel = torch.ones(4, 4, 3, 3)
    state = {"a.weight": kernel, "b.weight": kernel.to(dtype)}
    save_file(state, tmp_path / "net.safetensors")
    kind = str(dtype).removeprefix("torch.")
    with pytest.raises(UserError, match=rf"b\.weight is of type {kind}, and only floating"):
        read(tmp_path / "net.safetensors")


@pytest.mark.parametrize("dtype", [np.int8, np.complex64])
@pytest.mark.parametrize("generation", [2, 3])
def test_whole_numbers_in_keras_files_are_named(
    dtype: type, generation: int, tmp_path: Path
) -> None:
    path = tmp_path / "net.h5"
    values = {"conv2d": np.ones((3, 3, 2, 2), np.float32), "conv2d_1": np.ones((3, 3, 2, 2), dtype)}
    if generation == 2:
        made.write_keras(path, [(n, [(f"{n}/kernel:0", v)]) for n, v in values.items()])
    else:
        with h5py.File(path, "w") as file:
            for name, value in values.items():
                file.create_dataset(f"layers/{name}/vars/0", data=value)
    kind = np.dtype(dtype).name
    with pytest.raises(UserError, match=rf"conv2d_1/.* is of type {kind}, and only floating"):
        read(path)


@pytest.mark.parametrize("suffix", [".h5", ".pt", ".safetensors"])
def test_pipes_and_devices_are_refused_and_not_waited_for(suffix: str, tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / f"pipe{suffix}")
    (device := tmp_path / f"zero{suffix}").symlink_to("/dev/zero")
    for path in (pipe, device):
        with pytest.raises(UserError, match="is a pipe or device, no file"):
            read(path)
