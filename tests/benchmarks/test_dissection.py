"""Network dissection: units that were made to see planted concepts are found, by exact overlaps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from benchmarks.data.broden import Broden
from benchmarks.dissection import Labelled, UpperQuantile, dissect
from benchmarks.errors import UserError

SIDE, COUNT, CONCEPTS = 32, 60, 4


def planted(units: int = 6) -> list[Labelled]:
    """Squares of four concepts in two categories. Units 0 to 3 answer where concept 3, 1, 2 or 3 is
    seen, unit 4 to noise, and unit 5 to the left half of every image."""
    random = np.random.default_rng(0)
    found = []
    for number in range(COUNT):
        segments = np.zeros((2, SIDE, SIDE), dtype=np.int32)
        for category in (0, 1):
            top, left = 8 * random.integers(0, 3, 2)
            segments[category, top : top + 8, left : left + 8] = 1 + 2 * category + number % 2
        answers = random.normal(0, 0.1, (units, SIDE // 4, SIDE // 4))
        for unit, concept in enumerate((3, 1, 2, 3)):
            seen = (segments == concept).any(0)[::4, ::4]
            answers[unit] += 10 * seen * random.uniform(0.9, 1.1)
        answers[5, :, : SIDE // 8] += 5
        found.append(Labelled(torch.tensor(answers).float(), segments, np.zeros(0, dtype=int)))
    return found


def test_units_are_found_that_see_planted_concepts() -> None:
    images = planted()
    share = 4 / 64 / 2  # of all places, a concept's square in every other image
    found = dissect(lambda: images, COUNT, np.array([0, 0, 1, 1]), quantile=1 - share, least=0.3)
    assert found.overlap.shape == (6, CONCEPTS)
    assert found.best[:4].tolist() == [2, 0, 1, 2]
    assert found.interpretable.tolist() == [True] * 4 + [False] * 2
    assert (found.unique_concepts, found.specialisation) == (3, 0.75)


def test_overlaps_equal_their_definition() -> None:
    """Place by place, with concepts of a category counted in images that have a label of it."""
    images = planted()[:8]
    images[3] = Labelled(images[3].answers, images[3].segments[:1], np.array([4]))
    images[5] = Labelled(images[5].answers, images[5].segments[:1], np.zeros(0, dtype=int))
    images[6] = Labelled(images[6].answers, images[6].segments[:0], np.array([4]))
    kinds = np.array([0, 0, 1, 1])
    found = dissect(lambda: images, len(images), kinds, quantile=0.9)
    values = torch.stack([image.answers for image in images], 1).flatten(1).double().numpy()
    kept = int(np.ceil(0.1 * values.shape[1]))
    thresholds = np.sort(values, 1)[:, -kept]
    for unit in range(6):
        for concept in range(CONCEPTS):
            both = union = 0
            for image in images:
                large = torch.nn.functional.interpolate(
                    image.answers[None], (SIDE, SIDE), mode="bilinear", align_corners=False
                )[0, unit].numpy()
                active = large > np.float32(thresholds[unit])
                seen = (image.segments == concept + 1).any(0) | (concept + 1 in image.whole)
                numbers = {*np.unique(image.segments), *image.whole.tolist()} - {0}
                if kinds[concept] in {kinds[n - 1] for n in numbers}:
                    both += int((active & seen).sum())
                    union += int((active | seen).sum())
            assert found.overlap[unit, concept] == pytest.approx(both / union)


def test_quantiles_are_exact_however_values_come() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(3, 1_000)).astype(np.float32)
    quantile = UpperQuantile(3, 1_000, 0.995)
    for part in np.split(values, [1, 40, 400], axis=1):
        quantile.add(torch.from_numpy(part))
    assert np.array_equal(quantile.threshold().numpy(), np.sort(values, 1)[:, -5])
    assert quantile.kept == 5


@given(
    # Few different values, so that many are equal; some rows end before there are as many as kept.
    values=arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=40),
        elements=st.sampled_from([-np.inf, -1.5, 0.0, 0.25, 1.0, 3.0, np.inf]),
    ),
    quantile=st.sampled_from([0.2, 0.5, 0.9, 0.99]),
    missing=st.integers(0, 60),
    data=st.data(),
)
def test_quantiles_of_a_stream_are_those_of_all_values(
    values: np.ndarray, quantile: float, missing: int, data: st.DataObject
) -> None:
    """However it is cut, and whichever come first; the smallest value where fewer came."""
    series, count = values.shape
    stream = UpperQuantile(series, count + missing, quantile)
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=8)))
    for part in np.split(values, cuts, axis=1):
        stream.add(torch.from_numpy(part))
    place = max(count - stream.kept + 1, 1)
    expected = torch.from_numpy(values).kthvalue(place, dim=1).values
    assert torch.equal(stream.threshold(), expected)


def test_a_stream_of_values_is_not_copied_again_at_every_part() -> None:
    """What is written of a part is the part, and later what exceeds all that is kept."""
    random = torch.Generator().manual_seed(0)
    parts, places = 2_000, 100
    quantile = UpperQuantile(2, parts * places)
    written, buffers = 0, set()
    for _ in range(parts):
        before = quantile.values.clone()
        quantile.add(torch.rand((2, places), generator=random))
        buffers.add(quantile.values.data_ptr())
        if quantile.values.shape == before.shape:
            written += int((quantile.values != before).sum())
    assert len(buffers) == 1
    assert written < 0.5 * 2 * parts * places
    assert quantile.values.shape == (2, 1_250)


def broden(folder: Path) -> Path:
    """Two images in the layout of Broden 1.1: parts and objects by places, a scene by a number."""
    images = folder / "images" / "ade20k"
    images.mkdir(parents=True)
    for number in (1, 2):
        Image.new("RGB", (30, 20), (10 * number, 0, 0)).save(images / f"{number}.jpg", quality=95)
    labels = np.zeros((10, 15, 3), dtype=np.uint8)
    labels[:4, :5] = (44, 1, 0)  # 300
    labels[5:, :] = (2, 0, 7)
    Image.fromarray(labels).save(images / "1_object.png")
    Image.new("RGB", (15, 10), (3, 0, 0)).save(images / "1_part_1.png")
    (folder / "category.csv").write_text("name,first,last,count,frequency\n" + "".join(
        f"{name},1,9,2,2\n" for name in ("object", "part", "scene")
    ))  # fmt: skip
    (folder / "label.csv").write_text(
        "number,name,category,frequency,coverage,syns\n"
        "2,wall,object(7),7,1.0,\n3,leg,part(1);object(1),2,0.1,\n300,cat,object(1),1,0.1,\n"
        "301,attic-s,scene(1),1,1.0,\n"
    )
    (folder / "index.csv").write_text(
        "image,split,ih,iw,sh,sw,object,part,scene\n"
        "ade20k/1.jpg,train,20,30,10,15,ade20k/1_object.png,ade20k/1_part_1.png,301\n"
        "ade20k/2.jpg,val,20,30,10,15,,,301\n"
    )
    return folder


def test_the_layout_of_broden(tmp_path: Path) -> None:
    data = Broden(broden(tmp_path))
    assert [c.number for c in data.concepts] == [2, 3, 300, 301]
    assert [c.category for c in data.concepts] == ["object", "part", "object", "scene"]
    first, second = data.rows
    maps, whole = data.labels(first)
    assert maps.shape == (2, 10, 15)
    assert [np.count_nonzero(maps == n) for n in (300, 2, 3)] == [20, 75, 150]
    assert whole.tolist() == [301]
    assert data.labels(second)[0].shape == (0, 10, 15)
    assert data.pixels(second, 8).shape == (8, 8, 3)
    assert abs(int(data.pixels(second, 8)[0, 0, 0]) - 20) <= 2


def test_what_is_wrong_with_broden(tmp_path: Path) -> None:
    folder = broden(tmp_path)
    data = Broden(folder)
    (folder / "images" / "ade20k" / "1_object.png").unlink()
    with pytest.raises(UserError, match=r"1_object.png is not a readable image"):
        data.labels(data.rows[0])
    whole = (folder / "index.csv").read_text()
    for text, said in (
        (whole.replace("sh,", "height,"), "lacks the columns sh"),
        ("", "lacks the"),
    ):
        (folder / "index.csv").write_text(text)
        with pytest.raises(UserError, match=said) as caught:
            Broden(folder)
        assert "\n" not in str(caught.value)
    (folder / "label.csv").unlink()
    with pytest.raises(UserError, match=r"lacks label.csv: extract broden1_224.zip"):
        Broden(folder)
