"""Whether a request's length changes what a byte of it costs: processor seconds, and memory besides."""
import argparse
import os
import shutil
import statistics
import sys

sys.dont_write_bytecode = True

import files
import race
import sides

SIZES = [64, 256, 1024, 4096, 8192]
MOVED = 4096


def peak_memory(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM"))


def measure(options, mib, kind, directory):
    """Processor seconds for 10^9 bytes, and bytes of memory besides the buffer."""
    shape = f"big:{mib}"
    files.make(shape, directory, 1 if kind == "read" else 0)
    files.make_fresh()
    log = os.path.join(options.dir, "scale.log")
    process = sides.Ours(options, shape, kind, directory, 1, log)
    processor = moved = 0
    speeds = []
    # The first repeat starts threads and is no part of it.
    for repeat in range(1 + max(3, MOVED // mib)):
        process.prepare()
        files.forget(shape, directory)
        measured = process.go()
        if repeat > 0:
            processor += measured["cpu_seconds"]
            moved += measured["bytes"]
            speeds.append(measured["bytes"] / measured["seconds"] / 1e9)
    besides = peak_memory(process.process.pid) - (mib << 20)
    process.end()
    return processor / moved * 1e9, besides, statistics.median(speeds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", action="append", default=[], metavar="DS_AIO_X=Y")
    parser.add_argument("--dir", default=os.path.join(race.ROOT, "target/race"), help="on the device")
    options = parser.parse_args()
    options.settings = dict(setting.split("=", 1) for setting in options.set)
    options.ours = race.built("race_workload")
    directory = os.path.join(options.dir, "scale")
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    worst = 0
    try:
        for kind in ("read", "overwrite"):
            costs = []
            for mib in SIZES:
                cost, besides, speed = measure(options, mib, kind, directory)
                costs.append(cost)
                print(
                    f"{kind:9} {mib:5} MiB  {speed:5.2f} GB/s  {cost:.4f} CPU-s/GB"
                    f"  {besides / files.MIB:6.1f} MiB besides",
                    flush=True,
                )
            middle = statistics.median(costs)
            worst = max(worst, *(abs(cost / middle - 1) for cost in costs))
    finally:
        shutil.rmtree(directory)
    print(f"at most {worst:.0%} from the middle")
    sys.exit("more than 30 %" if worst > 0.3 else 0)


if __name__ == "__main__":
    main()
