"""Identity of runs: canonical JSON, golden hashes, frozen introduction values."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.data import known_digest
from benchmarks.errors import UserError
from benchmarks.run import CHOICES, PROTOCOL, Run, digest_of, from_canonical

CIFAR = known_digest("cifar10")

# Never edit a value here to make the test pass: a changed hash disowns every record there is.
# New numbers for old settings need a raised protocol version, and then new lines.
GOLDEN = {
    "3ef3464eb28374d4": Run(seed=0, data_digest=CIFAR, precision="bf16"),
    "7039f32ea8e2df0a": Run(seed=0, data_digest=CIFAR),
    "0c5429a6dab63090": Run(seed=14, data_digest=CIFAR, gamma="1.6", eta="2.4"),
    "8dce1d399afac152": Run(seed=0, data_digest=CIFAR, a0="1", a1="0.25"),
    "84ae4cb485e4de13": Run(
        seed=0,
        data_digest=CIFAR,
        model="mobilenet",
        gamma="1.8",
        eta="2.13",
        weight_decay="0.001",
    ),
    "b0f7a408bfc1b003": Run(seed=0, data_digest=CIFAR, model="resnet10"),
    "21d610465ce22031": Run(seed=0, data_digest=CIFAR, model="resnet10", width_multiplier="0.25"),
    "30e9d28b864c230a": Run(
        seed=0, data_digest=CIFAR, kernel_sizes=(5, 5, 5, 5, 5, 3, 3, 3, 3), a0="1", a1="0.35"
    ),
    "e375e10b21d57cae": Run(
        seed=0, data_digest=CIFAR, kernel_sizes=(7, 7, 7, 5, 5, 3, 3, 3, 3), a0="1", a1="0"
    ),
    "050c475f8422cf71": Run(seed=0, data_digest=CIFAR, model="vgg10-expanded", augmentation="none"),
    "4fa9a16e5ada3529": Run(
        seed=0, data_digest=CIFAR, model="vgg10-expanded", augmentation="none", head="flatten"
    ),
    "a6e2b2020c50a8db": Run(seed=0, dataset="cifar100", data_digest=known_digest("cifar100")),
    "10bfef55d3c85710": Run(
        seed=0, dataset="fashion-mnist", data_digest=known_digest("fashion-mnist")
    ),
    "a29906a54e972b5c": Run(seed=0, dataset="svhn", data_digest=known_digest("svhn")),
    "a4a5596ba1094004": Run(
        seed=0,
        dataset="tiny-imagenet",
        data_digest=known_digest("tiny-imagenet"),
        model="vgg10-expanded",
        augmentation="none",
    ),
    "8ab8da904d868714": Run(
        seed=0,
        dataset="deepweeds",
        data_digest=known_digest("deepweeds"),
        model="vgg10-expanded",
        augmentation="none",
    ),
    "c58612ad4b6ce312": Run(
        seed=0,
        dataset="deepweeds",
        data_digest=known_digest("deepweeds", 4),
        fold=4,
        model="vgg10-expanded",
        augmentation="none",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_hashes(name: str) -> None:
    assert GOLDEN[name].hash == name


def test_every_field_changes_the_hash() -> None:
    run = Run(seed=0)
    other = {
        "seed": 1,
        "dataset": "digits",
        "data_digest": "00",
        "model": "other",
        "a0": None,
        "a1": None,
        **{name: values[-1] for name, values in CHOICES.items()},
    }
    for item in dataclasses.fields(Run):
        if item.name in ("a0", "a1"):
            continue
        value = getattr(run, item.name)
        if isinstance(value, Decimal):
            changed = value + 1
        elif isinstance(value, tuple):
            changed = (*value, 129)
        else:
            changed = other.get(item.name, value + 1 if isinstance(value, int) else value)
        assert changed != value, item.name
        assert run.replace(**{item.name: changed}).hash != run.hash, item.name


def test_introduced_fields_are_left_out_at_their_introduction_value() -> None:
    resolved = Run(seed=0).canonical()
    assert "a0" not in resolved
    assert "a1" not in resolved
    assert not {"kernel_sizes", "head", "width_multiplier", "fold"} & set(resolved)
    assert not {"block", "block_counts", "acb_bn", "branch_init", "strip_eta"} & set(resolved)
    assert not {"warmup_epochs", "bias_lr_factor", "norm_bias_weight_decay"} & set(resolved)
    assert Run(seed=0, kernel_sizes=[], width_multiplier="1.0") == Run(seed=0)  # type: ignore[arg-type]
    assert Run(seed=0, a0="1", a1="0").canonical()["a1"] == "0"


def test_introduction_values_are_the_defaults() -> None:
    for item in dataclasses.fields(Run):
        if "introduced" in item.metadata:
            assert item.default == item.metadata["introduced"]


def test_canonical_form_is_plain() -> None:
    run = Run(seed=3, weight_decay="5E-4", gamma="1.60")
    text = json.dumps(run.canonical())
    assert run.canonical()["weight_decay"] == "0.0005"
    assert run.canonical()["gamma"] == "1.6"
    assert run.canonical()["protocol"] == dict(PROTOCOL)
    assert "E-" not in text


@given(
    seed=st.integers(0, 2**40),
    gamma=st.decimals(0, 10, places=3),
    rate=st.decimals("0.0001", 2, places=6),
    kernels=st.lists(st.sampled_from([1, 5, 7])),
)
def test_canonical_form_round_trips(
    seed: int, gamma: Decimal, rate: Decimal, kernels: list[int]
) -> None:
    run = Run(seed=seed, gamma=gamma, learning_rate=rate, kernel_sizes=tuple(kernels))
    copy = from_canonical(json.loads(json.dumps(run.canonical())))
    assert copy == run
    assert copy.hash == run.hash == digest_of(run.canonical())


def test_configuration_hash_ignores_the_seed_alone() -> None:
    assert Run(seed=0).configuration_hash == Run(seed=9).configuration_hash
    assert Run(seed=0).configuration_hash != Run(seed=0, eta="2").configuration_hash


@pytest.mark.parametrize(
    "settings",
    [
        {"precision": "float16"},
        {"epochs": 0},
        {"seed": -1},
        {"gamma": "-0.1"},
        {"gamma": "much"},
        {"gamma": "NaN"},
        {"a0": "1"},
        {"a0": "-1", "a1": "1"},
        {"a0": "1", "a1": "-0.1"},
        {"a0": "0", "a1": "0"},
        {"l2_convention": "l2"},
        {"head": "max"},
        {"width_multiplier": "0"},
        {"kernel_sizes": (5, 4)},
        {"kernel_sizes": (-1, 5)},
        {"kernel_sizes": (3,) * 9},
        {"block": "round"},
        {"strip_eta": "-1"},
        {"bias_lr_factor": "0"},
        {"norm_bias_weight_decay": "-0.1"},
        {"warmup_epochs": -1},
        {"warmup_epochs": "five"},
        {"block_counts": ()},
        {"block_counts": (1, 0, 1)},
        {"block_counts": "1-1-1"},
    ],
)
def test_bad_settings_are_the_users_error(settings: dict) -> None:
    with pytest.raises(UserError):
        Run(**{"seed": 0, **settings})


def test_whole_numbers_may_be_a_readings_text() -> None:
    run = Run(seed=0, block_counts="1,1,2", warmup_epochs="5")  # type: ignore[arg-type]
    assert (run.block_counts, run.warmup_epochs) == ((1, 1, 2), 5)
    assert run.hash == Run(seed=0, block_counts=(1, 1, 2), warmup_epochs=5).hash


def test_either_term_of_eq5_may_vanish() -> None:
    assert Run(seed=0, a0="0", a1="1").a0 == 0
    assert Run(seed=0, a0="1", a1="0").a1 == 0


def test_floats_are_refused() -> None:
    with pytest.raises(TypeError, match="as strings"):
        Run(seed=0, gamma=1.6)  # type: ignore[arg-type]


def test_records_of_another_protocol_are_not_ours() -> None:
    resolved = Run(seed=0).canonical()
    resolved["protocol"] = {**resolved["protocol"], "loop": 99}
    with pytest.raises(UserError, match="protocol"):
        from_canonical(resolved)


@pytest.mark.parametrize("fold", [-1, 1.0, "x", "", None, True])
def test_a_fold_is_a_whole_number(fold: object) -> None:
    assert Run(seed=0, fold="2") == Run(seed=0, fold=2)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"fold: .* is not a whole number"):
        Run(seed=0, fold=fold)  # type: ignore[arg-type]
