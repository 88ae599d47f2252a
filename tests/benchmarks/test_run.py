"""Identity of runs: canonical form, golden hashes, settings by path, former names."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_makers import changed, flat, make_run

from benchmarks.errors import UserError
from benchmarks.models import VGG10, Model
from benchmarks.parts import Part, kinds, plain
from benchmarks.procedures import Procedure, StartFrom, Train
from benchmarks.run import Run, digest_of, from_canonical
from reproduce.store.schema1_migration import migrate

FIVE, SEVEN = (5, 5, 5, 5, 5, 3, 3, 3, 3), (7, 7, 7, 5, 5, 3, 3, 3, 3)
EXPANDED: dict[str, Any] = {"model": "vgg10-expanded", "augmentation": "none"}
# Settings, the hash that names the run, and the one that named it before runs were composed of
# parts. Never edit a hash to make the test pass: that disowns every record there is. New numbers
# for old settings need a raised protocol version of their part, and then new lines.
GOLDEN: list[tuple[dict[str, Any], str, str]] = [
    ({}, "4286434f3c3f52ab", "7039f32ea8e2df0a"),
    ({"precision": "bf16"}, "dca9fcec9777a260", "3ef3464eb28374d4"),
    ({"seed": 14, "gamma": "1.6", "eta": "2.4"}, "c553cf98ce3856db", "0c5429a6dab63090"),
    ({"a0": "1", "a1": "0.25"}, "d3b3f04b1758afe4", "8dce1d399afac152"),
    (
        {"model": "mobilenet", "gamma": "1.8", "eta": "2.13", "weight_decay": "0.001"},
        "a5fb4afa2983b7b0",
        "84ae4cb485e4de13",
    ),
    ({"model": "resnet10"}, "3c952d37742106cf", "b0f7a408bfc1b003"),
    ({"model": "resnet10", "width_multiplier": "0.25"}, "4d512e1db3567ff3", "21d610465ce22031"),
    ({"kernel_sizes": FIVE, "a0": "1", "a1": "0.35"}, "14287c141cbff3c3", "30e9d28b864c230a"),
    ({"kernel_sizes": SEVEN, "a0": "1", "a1": "0"}, "70983e329fb38249", "e375e10b21d57cae"),
    (EXPANDED, "7003fa8e909cd4e1", "050c475f8422cf71"),
    ({**EXPANDED, "head": "flatten"}, "ce6c03efc9269a65", "4fa9a16e5ada3529"),
    ({"dataset": "cifar100"}, "7a244c1168828372", "a6e2b2020c50a8db"),
    ({"dataset": "fashion-mnist"}, "5b2172a92b0b9526", "10bfef55d3c85710"),
    ({"dataset": "svhn"}, "8e486512f48eef52", "a29906a54e972b5c"),
    ({**EXPANDED, "dataset": "tiny-imagenet"}, "dae4e91b8600e763", "a4a5596ba1094004"),
    ({**EXPANDED, "dataset": "deepweeds"}, "f1bea82c2c4bd1d5", "8ab8da904d868714"),
    ({**EXPANDED, "dataset": "deepweeds", "fold": 4}, "4ef0f645aeda4c37", "c58612ad4b6ce312"),
    (
        {"model": "rcnet10", "block": "square", "strip_eta": "8", "branch_init": "scaled"},
        "f6731924a629dfc5",
        "4291d8f9dcd994a6",
    ),
    (
        {"model": "rcnet10", "block": "acb", "acb_bn": "shared", "augmentation": "crop_flip"},
        "8779fb1e62337f79",
        "a9f713b638cf74db",
    ),
    (
        {"l2_convention": "half_sum_sq", "dense_l2_convention": "sum_sq", "last_batch": "drop"},
        "9f61c36f7dcd3914",
        "5fd501011db31268",
    ),
]


@pytest.mark.parametrize(("settings", "name", "former"), GOLDEN)
def test_golden_hashes(settings: dict[str, Any], name: str, former: str) -> None:
    assert make_run(**settings).hash == name
    if former:
        assert digest_of(flat(**settings)) == former


def test_every_setting_changes_the_hash() -> None:
    """Of every part of a run, wherever it stands."""
    run = make_run(model="rcnet10", block="square")
    count = 0
    for path, value in settings_of(run):
        if path in ("data.name", "data.fold"):
            continue  # the identity tells these
        if path == "data.resizing":
            continue  # of images that are decoded while a run trains: tests/…/test_streaming.py
        other = run.with_setting(path, another(value, path))
        assert other.hash != run.hash, path
        assert from_canonical(json.loads(json.dumps(other.canonical()))) == other
        count += 1
    assert count >= 30


def settings_of(part: Part, path: str = "") -> list[tuple[str, Any]]:
    """Every plain setting inside, by its path."""
    found = []
    for name in part.__struct_fields__:
        value = getattr(part, name)
        items = value if isinstance(value, tuple) else (value,)
        parts = [item for item in items if isinstance(item, Part)]
        for item in parts:
            kind = f".{item.canonical()['kind']}" if isinstance(value, tuple) else ""
            found += settings_of(item, f"{path}{name}{kind}.")
        if not parts and value is not None:
            found.append((path + name, value))
    return found


def another(value: Any, path: str) -> Any:
    """Some other allowed value."""
    if isinstance(value, Decimal):
        return value + 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        return tuple(item + 2 for item in value)
    if isinstance(value, int):
        return value + 1
    words = {
        "identity": "0" * 64,
        "normalization": "unit",
        "precision": "bf16",
        "norms": "shared",
        "test_views": "ten",
        "fast": "classifier",
        "convention": "sum_sq" if value == "half_sum_sq" else "half_sum_sq",
        "last_batch": "drop",
        "lr_placement": "inside",
        "initialization": "scaled" if "block" in path else "he_normal",
    }
    return words[path.rpartition(".")[2]]


def test_what_was_introduced_later_is_left_out_at_its_frozen_value() -> None:
    checked = 0
    for part in kinds(Part).values():
        for name, value in part.introduced.items():
            assert name in part.__struct_fields__
            checked += 1
            if part is Train:
                assert name not in Train().canonical()
                assert plain(value) == value
                assert not value
    assert checked >= 3


def test_canonical_form_is_plain() -> None:
    run = make_run(seed=3, weight_decay="5E-4", gamma="1.60")
    text = json.dumps(run.canonical())
    (spatial, _) = run.canonical()["objective"]["penalties"]
    assert (spatial["weight_decay"], spatial["gamma"], spatial["protocol"]) == ("0.0005", "1.6", 1)
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
    run = make_run(seed=seed, gamma=gamma, learning_rate=rate, kernel_sizes=tuple(kernels))
    copy = from_canonical(json.loads(json.dumps(run.canonical())))
    assert copy == run
    assert copy.hash == run.hash == digest_of(run.canonical())


def test_configuration_hash_ignores_seeds_alone() -> None:
    assert make_run(seed=0).configuration_hash == make_run(seed=9).configuration_hash
    assert make_run(seed=0).configuration_hash != make_run(seed=0, eta="2").configuration_hash
    first, second = (following(make_run(seed=seed)) for seed in (0, 9))
    assert first.hash != second.hash
    assert first.configuration_hash == second.configuration_hash


def following(source: Run) -> Run:
    """A run that starts from the weights of another."""
    phases = (StartFrom(run=source), Train(epochs=2))
    return source.replace(procedure=Procedure(phases=phases))


def test_a_run_that_starts_from_another_holds_it() -> None:
    source = make_run(seed=4)
    run = following(source)
    assert run.sources == (source,)
    assert run.epochs == 2
    assert from_canonical(json.loads(json.dumps(run.canonical()))) == run


@pytest.mark.parametrize(
    "settings",
    [
        {"precision": "float8"},
        {"epochs": 0},
        {"seed": -1},
        {"seed": 2**63},
        {"gamma": "-0.1"},
        {"gamma": "much"},
        {"a0": "-1", "a1": "1"},
        {"a0": "1", "a1": "-0.1"},
        {"a0": "0", "a1": "0"},
        {"l2_convention": "l2"},
        {"head": "max"},
        {"width_multiplier": "0"},
        {"kernel_sizes": (5, 4)},
        {"kernel_sizes": (-1, 5)},
        {"kernel_sizes": (3,) * 9},
        {"model": "rcnet10", "block": "round"},
        {"model": "rcnet10", "strip_eta": "-1"},
        {"bias_lr_factor": "0"},
        {"norm_bias_weight_decay": "-0.1"},
        {"warmup_epochs": -1},
        {"warmup_epochs": "five"},
        {"model": "rcnet10", "block_counts": ()},
        {"model": "rcnet10", "block_counts": (1, 0, 1)},
        {"model": "rcnet10", "block_counts": "1-1-1"},
        {"model": "vgg11"},
        {"fold": 1},
    ],
)
def test_bad_settings_are_the_users_error(settings: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        make_run(**settings)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "-Infinity", "1e400", "", None, True])
def test_a_decimal_is_a_finite_number(value: object) -> None:
    with pytest.raises(UserError, match="gamma: "):
        make_run().with_setting("objective.penalties.loco_reg.gamma", value)


def test_minus_nothing_is_nothing() -> None:
    """One computation has one name."""
    assert make_run(gamma="-0") == make_run(gamma="0")
    assert make_run(gamma="-0").hash == make_run(gamma="0").hash


def test_a_list_is_a_list() -> None:
    with pytest.raises(UserError, match="kernel_sizes: 5 is no list"):
        VGG10(kernel_sizes=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("fold", [-1, 1.0, "x", "", None, True])
def test_a_fold_is_a_whole_number(fold: object) -> None:
    deepweeds = make_run(dataset="deepweeds")
    assert changed(deepweeds, fold="2") == changed(deepweeds, fold=2)
    with pytest.raises(UserError, match="fold"):
        changed(deepweeds, fold=fold)


def test_floats_are_refused() -> None:
    with pytest.raises(TypeError, match="as strings"):
        VGG10(width_multiplier=0.5)  # type: ignore[arg-type]


def test_settings_may_be_a_readings_text() -> None:
    run = make_run(model="rcnet10")
    grown = run.with_setting("model.block_counts", "1,1,2").with_setting(
        "schedule.warmup_epochs", "5"
    )
    assert grown.setting("model.block_counts") == (1, 1, 2)
    assert grown.setting("schedule.warmup_epochs") == 5
    assert run.with_setting("data.augmentation", "none").setting("data.augmentation.kind") == "none"


def test_a_setting_is_found_by_its_path() -> None:
    run = make_run(gamma="1.6")
    assert run.setting("objective.penalties.*.gamma") == Decimal("1.6")
    assert run.setting("model.kind") == "vgg10"
    every = run.with_setting("objective.penalties.*.convention", "half_sum_sq")
    assert {term.canonical()["convention"] for term in every.objective.penalties} == {"half_sum_sq"}
    for path in ("model.block", "objective.penalties.strip_reg.eta", "colour", "seed.more"):
        assert not run.has_setting(path)
        with pytest.raises(UserError, match="no setting"):
            run.with_setting(path, "1")


def test_another_data_set_is_named_by_its_own_identity() -> None:
    run = changed(make_run(), dataset="digits")
    assert run == make_run(dataset="digits")
    assert run.data.identity != make_run().data.identity
    with pytest.raises(UserError, match="no data set 'dogs'"):
        changed(run, dataset="dogs")


def test_records_of_another_protocol_or_a_newer_version_are_not_ours() -> None:
    resolved = make_run().canonical()
    resolved["model"] = {**resolved["model"], "protocol": 99}
    with pytest.raises(UserError, match="protocol 99"):
        from_canonical(resolved)
    resolved["model"] = {**resolved["model"], "protocol": 1, "colour": "red"}
    with pytest.raises(UserError, match="does not know: colour"):
        from_canonical(resolved)


def test_what_no_run_can_be_is_told_in_a_line() -> None:
    resolved = make_run().canonical()
    with pytest.raises(UserError, match="run lacks model, objective"):
        from_canonical({k: v for k, v in resolved.items() if k not in ("model", "objective")})
    with pytest.raises(UserError, match="is none of"):
        from_canonical({**resolved, "model": {"kind": ["vgg10"]}})
    with pytest.raises(UserError, match="model: Model is a base; take one of"):
        make_run().replace(model=Model())


def test_a_flat_run_of_before_is_read_whole_or_refused() -> None:
    old = flat(seed=7, model="rcnet10", block="acb", acb_bn="shared")
    assert migrate(old).canonical()["kind"] == "run"
    for wrong in ({"colour": "red"}, {"protocol": {"data": 2}}, {"strip_eta": "2", "gamma": "2"}):
        with pytest.raises(UserError):
            migrate({**old, **wrong})
    with pytest.raises(UserError, match="not the settings of a run"):
        migrate({name: value for name, value in old.items() if name != "momentum"})
