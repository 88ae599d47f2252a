"""`reproduce data …` as a user types it: output, one-line errors, exit codes."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.data import DATASETS, Archive, Source, info, load
from benchmarks.weights.catalogue import WEIGHTS
from reproduce.__main__ import run

Reproduce = Callable[..., tuple[int, str, str]]


@pytest.fixture
def reproduce(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Reproduce:
    """Runs `reproduce data …`; exit code, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run(["data", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> str:
    """The digits, registered as a data set that is not embedded; the images and the digest are the
    same, so that what is imported from files is checked against the frozen digest."""
    nowhere = "http://127.0.0.1:9/pictures-python.tar.gz"
    archive = Archive(
        sources=(Source("pictures-python.tar.gz", nowhere),),
        folder="pictures-batches-py",
        train=("data_batch_1",),
        test=("test_batch",),
    )
    entry = replace(DATASETS["digits"], name="pictures", embedded=False, archive=archive)
    monkeypatch.setitem(DATASETS, "pictures", entry)
    return "pictures"


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits as PNG files in class folders."""
    root, dataset = tmp_path_factory.mktemp("digits"), load("digits", Path("/nowhere"))
    for name in ("train", "test"):
        split = getattr(dataset, name)
        for number, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
            folder = root / name / dataset.classes[label]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{number}.png", compress_level=1)
    return root


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert text.endswith("\n"), text
    return text


def state(reproduce: Reproduce, name: str, root: Path) -> str:
    code, out, _ = reproduce("list", "--json", "--data", root)
    assert code == 0
    return {row["name"]: row["state"] for row in json.loads(out)}[name]


def test_import_list_verify_and_damage(
    reproduce: Reproduce, pictures: str, folders: Path, tmp_path: Path
) -> None:
    assert state(reproduce, pictures, tmp_path) == "missing"
    code, out, err = reproduce("import", pictures, folders, "--data", tmp_path)
    assert (code, err) == (0, "")
    assert f"1,297 training and 500 test images in {tmp_path / pictures}" in out
    assert state(reproduce, pictures, tmp_path) == "present"
    assert load(pictures, tmp_path).digest == DATASETS["digits"].digest

    code, out, err = reproduce("verify", pictures, "--data", tmp_path)
    assert (code, err) == (0, "")
    assert f"pictures: OK, digest {DATASETS['digits'].digest}" in out

    path = tmp_path / pictures / "test_images.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:500] + bytes([whole[500] ^ 1]) + whole[501:])
    assert state(reproduce, pictures, tmp_path) == "present", "a look at sizes cannot tell"
    for names in ([pictures], []):
        code, out, err = reproduce("verify", *names, "--data", tmp_path)
        assert code == 2
        assert "pictures: NOT OK" in out
        assert "reproduce data get pictures" in one_line(err)

    path.write_bytes(whole[:-1])
    assert state(reproduce, pictures, tmp_path) == "damaged"
    code, _, err = reproduce("import", pictures, folders, "--data", tmp_path)
    assert code == 2
    assert f"remove {tmp_path / pictures}, then" in one_line(err)
    assert path.read_bytes() == whole[:-1], "nothing is overwritten"


def test_the_table_of_data_sets(
    reproduce: Reproduce, pictures: str, folders: Path, tmp_path: Path
) -> None:
    reproduce("import", pictures, folders, "--data", tmp_path)
    code, out, _ = reproduce("list", "--data", tmp_path)
    lines = {line.split()[0]: line for line in out.splitlines() if line[:1].isalpha()}
    assert code == 0
    assert "50,000 + 10,000" in lines["cifar10"]
    assert "missing" in lines["cifar10"]
    assert "`reproduce data get NAME` gets what is missing." in out
    assert "comes with a package" in lines["digits"]
    assert "deepweeds 0" in out, "of those with folds, the default one"
    assert str(tmp_path / "pictures") in lines["pictures"]
    assert DATASETS["cifar10"].digest[:8] in lines["cifar10"]


def test_the_list_as_json(reproduce: Reproduce, tmp_path: Path) -> None:
    _, out, _ = reproduce("list", "--json", "--data", tmp_path)
    rows = {row["name"]: row for row in json.loads(out)}
    assert rows["cifar10"] == {
        "name": "cifar10",
        "fold": None,
        "title": "CIFAR-10 (Krizhevsky 2009)",
        "images": {"train": 50_000, "test": 10_000},
        "classes": 10,
        "side": 32,
        "state": "missing",
        "detail": "",
        "path": str(tmp_path / "cifar10"),
        "command": "reproduce data get cifar10",
        "digest": DATASETS["cifar10"].digest,
        "identity": DATASETS["cifar10"].digest,
    }
    assert rows["deepweeds"]["digest"] is None
    assert rows["deepweeds"]["identity"] == info("deepweeds").identity
    assert rows["deepweeds"]["path"] == str(tmp_path / "deepweeds-fold0")
    assert rows["digits"]["state"] == "embedded"


def test_the_folder_may_come_from_the_environment(
    reproduce: Reproduce,
    pictures: str,
    folders: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPRODUCE_DATA", str(tmp_path / "here"))
    assert reproduce("import", pictures, folders)[0] == 0
    assert (tmp_path / "here" / pictures / "store.json").exists()
    code, out, _ = reproduce("verify")
    assert code == 0
    assert "pictures: OK" in out
    assert "digits: OK" in out
    assert "cifar10: not there (reproduce data get cifar10)" in out


def test_naming_a_missing_data_set(reproduce: Reproduce, tmp_path: Path) -> None:
    code, out, err = reproduce("verify", "cifar10", "--data", tmp_path)
    assert code == 2
    assert "cifar10: not there" in out
    assert "`reproduce data import cifar10 PATH`" in one_line(err)


def test_a_failing_download(
    reproduce: Reproduce, pictures: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    code, out, err = reproduce("get", pictures, "--data", tmp_path)
    assert (code, out) == (2, "")
    assert "cannot download pictures" in one_line(err)
    assert "fetch http://127.0.0.1:9/pictures-python.tar.gz on another machine" in err
    assert "`reproduce data import pictures PATH`" in err


def test_what_is_there_is_not_fetched(
    reproduce: Reproduce, pictures: str, folders: Path, tmp_path: Path
) -> None:
    reproduce("import", pictures, folders, "--data", tmp_path)
    code, out, err = reproduce("get", pictures, "--data", tmp_path)
    assert (code, err) == (0, "")
    assert "1,297 training" in out


def test_embedded_data_sets(reproduce: Reproduce, folders: Path, tmp_path: Path) -> None:
    code, out, _ = reproduce("get", "digits", "--data", tmp_path)
    assert code == 0
    assert "nothing to get" in out
    code, _, err = reproduce("import", "digits", folders, "--data", tmp_path)
    assert code == 2
    assert "nothing to get or import" in one_line(err)
    assert list(tmp_path.iterdir()) == []


def _class_gone(copy: Path) -> str:
    (copy / "train" / "4").rename(copy / "train" / "four")
    return "class folders missing: 4; not expected: four"


def _image_gone(copy: Path) -> str:
    next((copy / "train" / "4").iterdir()).unlink()
    return "(1,297 + 500 images expected, found 1,296 + 500; fewest in train/8 with 126"


def _image_garbled(copy: Path) -> str:
    path = sorted((copy / "test" / "9").iterdir())[3]
    path.unlink()
    path.write_text("no image")
    return f"{path} is not a readable image"


@pytest.mark.parametrize("damage", [_class_gone, _image_gone, _image_garbled])
def test_folders_that_are_not_the_data_set(
    damage: Callable[[Path], str],
    reproduce: Reproduce,
    pictures: str,
    folders: Path,
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy"
    for path in folders.glob("*/*/*"):
        target = copy / path.relative_to(folders)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path)
    expected = damage(copy)
    code, out, err = reproduce("import", pictures, copy, "--data", tmp_path / "data")
    assert (code, out) == (2, "")
    assert expected in one_line(err)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["get", "cifar11"], "no data set 'cifar11'"),
        (["import", "cifar11", "."], "no data set 'cifar11'"),
        (["verify", "digits", "cifar11"], "no data set 'cifar11'"),
        (["import", "cifar10"], "PATH"),
        (["import", "cifar10", "gone"], "gone does not exist"),
        (["fetch"], "fetch"),
        (["get", "svhn", "--fold", "1"], "svhn has no folds: leave the fold at 0, not 1"),
        (
            ["import", "folder:mine", ".", "--fold", "2"],
            "folder:mine has no folds: leave the fold at 0, not 2",
        ),
        (["verify", "folder:mine", "--fold", "2"], "folder:mine has no folds"),
        (["get", "deepweeds", "--fold", "5"], "deepweeds has the folds 0 to 4, not 5"),
        (["get", "deepweeds", "--fold", "-1"], "deepweeds has the folds 0 to 4, not -1"),
        (["import", "deepweeds", ".", "--fold", "x"], "--fold"),
        (["verify", "--fold", "1"], "--fold needs a data set"),
        (["get", "deepweeds"], "has to be fetched by hand: put images.zip from https://"),
        (["get", "cars"], "names copies; put car_ims.tgz and cars_annos.mat; or cars_train.tgz, "),
        (["get", "cifar10", "--force"], "--force"),
    ],
)
def test_bad_input(
    arguments: list[str],
    named: str,
    reproduce: Reproduce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPRODUCE_DATA", str(tmp_path))
    code, out, err = reproduce(*arguments)
    assert (code, out) == (2, "")
    assert named in one_line(err)


def test_names_and_digests_stay_whole_on_a_narrow_terminal(
    reproduce: Reproduce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    code, out, _ = reproduce("list", "--data", tmp_path / "a-folder-with-a-long-name")
    assert code == 0
    lines = out.splitlines()
    assert max(map(len, lines)) <= 40
    for entry in DATASETS.values():
        row = next(line.split() for line in lines if line.split(" ")[0] == entry.name)
        assert row[-1] == (entry.digest or "–")[:8]


def test_the_list_fits_eighty_columns_with_a_line_each(
    reproduce: Reproduce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = reproduce("list", "--data", tmp_path)
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    # Two headings with their rules, the space between and before the hint.
    assert len(lines) == len(DATASETS) + len(WEIGHTS) + 7


def test_list_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from reproduce.__main__ import run\n"
        "run(['data', 'list'])\n"
        "heavy = {'numpy', 'torch', 'torchvision', 'PIL', 'sklearn', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    environment = {**os.environ, "REPRODUCE_DATA": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.fixture
def weeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of DeepWeeds' layout with two folds, registered under its name."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    official_files = importlib.import_module("official_files")
    (tmp_path / "weeds").mkdir()
    made = official_files.deepweeds(tmp_path / "weeds")
    monkeypatch.setitem(DATASETS, "deepweeds", made.info)
    return Path(made.path)


def test_folds_by_command(reproduce: Reproduce, weeds: Path, tmp_path: Path) -> None:
    data = ("--data", tmp_path / "data")
    code, out, err = reproduce("import", "deepweeds", weeds, "--fold", 1, *data)
    assert (code, err) == (0, "")
    assert f"deepweeds-fold1: 9 training and 3 test images in {tmp_path}" in out
    _, out, _ = reproduce("list", "--json", *data)
    rows = [row for row in json.loads(out) if row["name"] == "deepweeds"]
    assert [(row["fold"], row["state"]) for row in rows] == [(1, "present")]

    code, out, err = reproduce("verify", "deepweeds", *data)
    assert (code, err) == (0, "")
    assert out == f"deepweeds-fold1: OK, digest {rows[0]['digest']}\n"
    code, out, err = reproduce("verify", "deepweeds", "--fold", 0, *data)
    assert code == 2
    assert "deepweeds-fold0: not there (reproduce data get deepweeds)" in out
    assert "run `reproduce data get deepweeds` or `reproduce data import deepweeds PATH`" in err

    assert reproduce("import", "deepweeds", weeds, *data)[0] == 0
    _, out, _ = reproduce("list", *data)
    assert "deepweeds 0" in out
    assert "deepweeds 1" in out
    _, out, _ = reproduce("verify", "deepweeds", *data)
    assert out.count(": OK, digest") == 2

    header = tmp_path / "data" / "deepweeds-fold1" / "store.json"
    header.write_text("{}")
    code, out, err = reproduce("verify", "deepweeds", *data)
    assert code == 2
    assert "deepweeds-fold1: NOT OK" in out
    assert "then run `reproduce data get deepweeds --fold 1` or import it again" in one_line(err)


def test_files_that_are_passed_over_are_told_of(
    reproduce: Reproduce, folders: Path, tmp_path: Path
) -> None:
    source = tmp_path / "images"
    for split, number in (("train", 4), ("test", 2)):
        for name in "01":
            (source / split / name).mkdir(parents=True)
            for path in sorted((folders / split / name).iterdir())[:number]:
                (source / split / name / path.name).symlink_to(path)
    how = ("import", "folder:mine", source, "--data", tmp_path / "data")
    assert reproduce(*how)[2] == ""
    (source / "train" / "0" / "more").mkdir()
    (source / "train" / "0" / os.fsdecode(b"\xff\n.gif")).write_bytes(b"")
    code, out, err = reproduce(*how, "--json")
    assert code == 0
    assert json.loads(out)["images"] == {"train": 8, "test": 4}
    assert one_line(err).startswith("1 file is no image that is read, ")


def test_a_missing_fold_file_is_one_line(reproduce: Reproduce, weeds: Path, tmp_path: Path) -> None:
    (weeds / "labels" / "test_subset1.csv").unlink()
    assert reproduce("import", "deepweeds", weeds, "--data", tmp_path / "data")[0] == 0
    arguments = ("import", "deepweeds", weeds, "--fold", 1, "--data", tmp_path / "data")
    code, out, err = reproduce(*arguments)
    assert (code, out) == (2, "")
    assert f"{weeds / 'labels' / 'test_subset1.csv'} is missing: fetch it from" in one_line(err)
