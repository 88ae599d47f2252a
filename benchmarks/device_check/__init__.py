"""What proves the device path on the machine at hand: `reproduce device check` runs these.

Every check trains real runs through :func:`benchmarks.training.loop.train` and says in a
:class:`~benchmarks.device_check.finding.Finding` what it found, by which rule, and how to go on.

first steps
    Against a plain loop in float64 that shares no code with the training loop (``plain_loop.py``),
    and on CUDA against the CPU.
pack, resumed
    Bit for bit on a CPU; on CUDA within what rounding does (``agreement.py``).
host reads
    None between the first and the last update of an epoch (``host_reads.py``).
memory
    By pack size, all of it given back; out of memory halves a pack (``pack_memory.py``).
"""
