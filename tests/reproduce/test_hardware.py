"""What a process may use of its machine, from made-up system files."""

from __future__ import annotations

from pathlib import Path

import pytest

from reproduce.store import hardware

GIB = 2**30
VERSION_2 = "0::/job/step\n"
VERSION_1 = "4:memory:/job/step\n3:cpu,cpuacct:/job/step\n"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of four cores and 3 GiB, whose files the test writes under the folder."""
    monkeypatch.setattr(hardware, "CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(hardware, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(hardware, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(hardware, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(hardware.os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})
    write(tmp_path, "membership", VERSION_2)
    write(tmp_path, "meminfo", f"MemTotal: 9 kB\nMemAvailable:  {3 * 2**20} kB\n")
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.mark.parametrize(
    ("quota", "usable"), [("max 100000", 4), ("150000 100000", 1.5), ("800000 100000", 4)]
)
@pytest.mark.parametrize("folder", ["cgroup/job/step", "cgroup/job", "cgroup"])
def test_cores_respect_the_quota_of_any_group_around(system, quota, usable, folder):
    write(system, f"{folder}/cpu.max", quota + "\n")
    assert hardware.usable_cores() == usable


def test_the_tightest_quota_counts(system):
    write(system, "cgroup/job/cpu.max", "100000 100000\n")
    write(system, "cgroup/job/step/cpu.max", "300000 100000\n")
    assert hardware.usable_cores() == 1


@pytest.mark.parametrize(("quota", "usable"), [("-1", 4), ("250000", 2.5)])
def test_cores_respect_version_1_too(system, quota, usable):
    write(system, "membership", VERSION_1)
    for name in ("cpu", "cpu,cpuacct"):
        write(system, f"cgroup/{name}/job/cpu.cfs_quota_us", quota + "\n")
        write(system, f"cgroup/{name}/job/cpu.cfs_period_us", "100000\n")
    assert hardware.usable_cores() == usable


def test_without_groups_affinity_and_free_memory_count(system):
    (system / "membership").unlink()
    assert hardware.usable_cores() == 4
    assert hardware.available_memory() == 3 * GIB


@pytest.mark.parametrize(
    ("limit", "used", "available"),
    [("max", 0, 3 * GIB), (GIB, 0, GIB), (GIB, 2 * GIB, 0), (8 * GIB, 0, 3 * GIB)],
)
@pytest.mark.parametrize("folder", ["cgroup/job/step", "cgroup/job"])
def test_memory_respects_the_limit_of_any_group_around(system, limit, used, available, folder):
    write(system, f"{folder}/memory.max", f"{limit}\n")
    write(system, f"{folder}/memory.current", f"{used}\n")
    assert hardware.available_memory() == available


def test_cached_files_do_not_count_as_used(system):
    write(system, "cgroup/job/memory.max", f"{GIB}\n")
    write(system, "cgroup/job/memory.current", f"{GIB}\n")
    write(system, "cgroup/job/memory.stat", f"anon 5\ninactive_file {GIB // 2}\n")
    assert hardware.available_memory() == GIB // 2


def test_memory_respects_version_1_too(system):
    write(system, "membership", VERSION_1)
    write(system, "cgroup/memory/job/step/memory.limit_in_bytes", f"{GIB}\n")
    write(system, "cgroup/memory/job/step/memory.usage_in_bytes", "0\n")
    assert hardware.available_memory() == GIB


def test_unknown_memory_is_not_guessed(system):
    (system / "meminfo").unlink()
    assert hardware.available_memory() is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flags\t\t: fpu avx512_bf16 amx_bf16", ["avx512_bf16", "amx_bf16"]),
        ("Features\t: fp asimd bf16 i8mm", ["bf16"]),
        ("flags\t\t: fpu avx2 avx512_bf16x", []),
    ],
)
def test_bf16_and_the_name_are_read_from_the_cpus_description(system, line, expected):
    write(system, "cpuinfo", f"processor\t: 0\nmodel name\t: Some  CPU\n{line}\n")
    assert hardware.bf16_flags() == expected
    assert hardware.cpu_name() == "Some CPU"


def test_an_existing_parent_is_found(tmp_path):
    assert hardware.existing(tmp_path / "a" / "b") == tmp_path
    assert hardware.existing(tmp_path) == tmp_path
