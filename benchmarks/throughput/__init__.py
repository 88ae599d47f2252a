"""Images per second of ours beside other ways to train the same network, in one run.

plain
    ``plain.py``, which imports nothing of this project: torchvision's data and transforms, a
    DataLoader with two workers, float32, one process with as many threads as torch takes.
bare
    ``bare.py``: the same tuned by hand, with the images on the device.
compiled
    ``compiled.py``: bare's batches through ``torch.compile``, on CUDA with graphs. On one device
    only.
ours
    The training loop as every run uses it, with LOCO-Reg.
update
    The loop's update alone, with and without coefficients. On cores only.
peak
    ``peak.py``: a large matrix product, which the others' TFLOP/s are a share of. On one device
    only.

**A new contender** is a function of (options, dataset, window) in a module of its own that calls
``window.tick(images)`` after every update until ``window.over``, an entry in ``worker.TRAINERS``
under its kind, and a line in ``contenders.on_device``: with ``way`` where it has several ways, and
``pack`` where it trains several networks at once. Nothing else knows it: it is measured in every
round, and its speed, share of the peak and ratio to the compiled run appear in table and JSON.
"""
