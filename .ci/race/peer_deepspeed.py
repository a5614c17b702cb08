"""DeepSpeed's side of the race: its aio_handle on one workload, a repeat at a time.

    peer_deepspeed.py SHAPE KIND DIR SALT BLOCK_SIZE QUEUE_DEPTH THREADS

The protocol, the file names and the stamps are those of `tests/src/bin/race_workload.rs`, which
states them. DeepSpeed opens and closes the file of every request itself, so that is timed too.
"""
import json
import os
import resource
import sys
import time

# DeepSpeed logs to standard output, which belongs to the driver.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
os.environ.setdefault("DS_ACCELERATOR", "cpu")

import torch
from deepspeed.ops.op_builder import AsyncIOBuilder

MIB = 1 << 20
BIG = 1024 * MIB
PLAIN = 256 * MIB
MANY = 256

shape, kind, directory = sys.argv[1:4]
salt, block_size, queue_depth, threads = (int(text) for text in sys.argv[4:8])
handle = AsyncIOBuilder().load(verbose=False).aio_handle(
    block_size, queue_depth, False, True, threads
)


def pinned(length):
    buffer = handle.new_cpu_locked_tensor(length, torch.empty(0, dtype=torch.uint8))
    buffer.fill_(7)
    return buffer


if shape == "big":
    tensors = [(f"{directory}/big.dat", pinned(BIG))]
elif shape == "many":
    tensors = [(f"{directory}/many-{number}.dat", pinned(MIB)) for number in range(MANY)]
elif shape == "plain":
    tensors = [(f"{directory}/plain.dat", torch.full((PLAIN,), 5, dtype=torch.uint8))]
else:
    sys.exit(f"no shape is called {shape!r}")
total = sum(tensor.numel() for _, tensor in tensors)


def stamps():
    """Where the stamps of every tensor are, and what they should be."""
    number = 1
    for _, tensor in tensors:
        places = tensor.view(torch.int64)[:: MIB // 8]
        yield places, torch.arange(number, number + len(places)) + (salt << 32)
        number += len(places)


def prepare():
    for path, _ in tensors:
        if kind in ("extend", "preallocate") and os.path.exists(path):
            os.remove(path)
    for places, expected in stamps():
        places.copy_(torch.zeros_like(expected) if kind == "read" else expected)


def run():
    if kind == "preallocate":
        for path, tensor in tensors:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            os.posix_fallocate(descriptor, 0, tensor.numel())
            os.close(descriptor)
    if shape == "many":
        request = handle.async_pread if kind == "read" else handle.async_pwrite
        for path, tensor in tensors:
            assert request(tensor, path, 0) == 0
        assert handle.wait() == len(tensors)
    else:
        request = handle.sync_pread if kind == "read" else handle.sync_pwrite
        for path, tensor in tensors:
            request(tensor, path, 0)


def check():
    for places, expected in stamps():
        assert torch.equal(places, expected), "not what the file begins its MiBs with"


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


for line in sys.stdin:
    if line.strip() == "prepare":
        prepare()
        print("prepared", file=answers, flush=True)
    elif line.strip() == "go":
        processor, begin = processor_seconds(), time.perf_counter()
        run()
        seconds, processor = time.perf_counter() - begin, processor_seconds() - processor
        check()
        measured = dict(
            workload=f"{shape}_{kind}", bytes=total, seconds=seconds, cpu_seconds=processor
        )
        print(json.dumps(measured), file=answers, flush=True)
    else:
        sys.exit(f"the driver says {line!r}")
