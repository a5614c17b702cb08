"""The race against what a user would take instead; README.md here says how to run and read it."""
import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Optional

sys.dont_write_bytecode = True

import files
import judge
import sides

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIO = ["fio psync", "fio libaio", "fio io_uring"]


@dataclass
class Race:
    """One workload of ours, whom it is raced against, and what is to be reached."""

    name: str
    shape: str
    kind: str
    peers: list
    throughput: Optional[float] = None
    cpu: Optional[float] = None
    memory: str = "fresh"
    # The peers' workload, where it is another.
    peer_shape: Optional[str] = None
    peer_kind: Optional[str] = None
    # `device`, `memory` (a tmpfs), or `cache`: the device's file, in the page cache.
    place: str = "device"


DS, DS_HUGE, PLAIN = ["DeepSpeed"], ["DeepSpeed, huge pages"], ["ours, plain"]
RING, THREADS = ["fio io_uring"], ["ours, threads"]
RACES = [
    Race("big read", "big", "read", DS, 1.0, 0.4),
    Race("big read", "big", "read", DS_HUGE),
    Race("big write, overwriting", "big", "overwrite", DS, 1.0, 0.7),
    Race(
        "big write, new file: ours preallocated, theirs extending", "big", "preallocate", DS,
        1.25, 0.4, peer_kind="extend",
    ),
    Race("big write, new file: both extending", "big", "extend", DS),
    Race("plain read", "plain", "read", DS, 2.5, 0.3),
    Race("plain write, overwriting", "plain", "overwrite", DS, 2.5, 0.6),
    Race(
        "plain write, new file: ours preallocated, theirs extending", "plain", "preallocate", DS,
        2.5, 0.6, peer_kind="extend",
    ),
    Race("odd read", "odd", "read", PLAIN, 0.9, peer_shape="plain"),
    Race("odd write, overwriting", "odd", "overwrite", PLAIN, 0.9, peer_shape="plain"),
    Race("many read", "many", "read", DS, 1.3, 0.4),
    Race("many write, overwriting", "many", "overwrite", DS, 1.4, 0.4),
    Race(
        "many write, new files: ours preallocated, theirs extending", "many", "preallocate", DS,
        1.3, 0.9, peer_kind="extend",
    ),
    Race("read, 8 MiB of buffers", "reused", "read", RING, 0.95, 1.2),
    Race("overwrite, 8 MiB of buffers", "reused", "overwrite", RING, 0.98, 1.2),
    # A request there is a ticket and a callback, and fio's is neither.
    Race("random reads of 4 KiB, 32 in flight", "random", "read", RING, 0.7),
    Race("random reads of 4 KiB, 32 in flight", "random", "read", THREADS, 0.9, 0.8),
    # Our two backends: the one that is chosen is to be as good as the other.
    Race("big read", "big", "read", THREADS, 0.9),
    Race("many read", "many", "read", THREADS, 0.9),
    Race("many write, overwriting", "many", "overwrite", THREADS, 0.9),
    Race("plain read", "plain", "read", THREADS, 0.9),
    Race("in memory, read, 8 MiB of buffers", "reused", "read", THREADS, 0.9, place="memory"),
    Race(
        "in memory, overwrite, 8 MiB of buffers", "reused", "overwrite", THREADS, 0.9,
        place="memory",
    ),
    Race("from the page cache, 8 MiB of buffers", "reused", "read", THREADS, 0.9, place="cache"),
    Race("in memory, read, 8 MiB of buffers", "reused", "read", FIO, 0.9, place="memory"),
    Race("in memory, overwrite, 8 MiB of buffers", "reused", "overwrite", FIO, 0.9, place="memory"),
    Race("in memory, read, one 1 GiB buffer", "big", "read", FIO, place="memory"),
    Race("in memory, overwrite, one 1 GiB buffer", "big", "overwrite", FIO, place="memory"),
    Race("big read", "big", "read", DS, 2.0, memory="fragmented"),
    Race("big read", "big", "read", DS_HUGE, memory="fragmented"),
]  # fmt: skip


def start(options, race, side, directory, salt):
    """A process of that side, and what it works on."""
    log = os.path.join(options.dir, f"{side.replace(' ', '-').replace(',', '')}.log")
    if side.startswith("fio"):
        work = (race.shape, race.kind)
        return sides.Fio(side.split()[1], *work, directory), work
    if side.startswith("ours") and side != "ours, plain":
        work = (race.shape, race.kind)
        backend = "threads" if side == "ours, threads" else None
        return sides.Ours(options, *work, directory, salt, log, backend), work
    work = (race.peer_shape or race.shape, race.peer_kind or race.kind)
    if side == "ours, plain":
        return sides.Ours(options, *work, directory, salt, log), work
    huge = side == "DeepSpeed, huge pages"
    return sides.DeepSpeed(options, *work, directory, salt, log, huge), work


def run(options, race):
    """Every side's repeats, those that count, in the order in which they are paired."""
    directory = os.path.join(options.memory_dir if race.place == "memory" else options.dir, "race")
    names = ["ours", "ours again", *race.peers]
    repeats, huge = {name: [] for name in names}, {name: [] for name in names}
    shapes = {race.shape, race.peer_shape or race.shape}
    # What a race that was stopped has left.
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    try:
        if race.kind in ("read", "overwrite"):
            for shape in shapes:
                files.make(shape, directory, 1 if race.kind == "read" else 0)
        for number in range(options.starts):
            one_start(options, race, directory, number, names, repeats, huge)
    finally:
        shutil.rmtree(directory)
    return repeats, {name: statistics.median(shares) for name, shares in huge.items()}


def one_start(options, race, directory, number, names, repeats, huge):
    if race.memory == "fresh":
        files.make_fresh()
    salts = {name: 1 if race.kind == "read" else 11 + at for at, name in enumerate(names)}
    # Each side starts first, and goes first, as often as any other.
    order = names[number % len(names) :] + names[: number % len(names)]
    running = {name: start(options, race, name, directory, salts[name]) for name in order}
    for repeat in range(1 + options.repeats):
        turn = (number + repeat) % len(names)
        for name in names[turn:] + names[:turn]:
            process, (shape, kind) = running[name]
            process.prepare()
            if kind != "read" and race.place == "device":
                # Neither side is to pay for the blocks that were freed for the other.
                os.sync()
            if race.place == "cache":
                files.remember(shape, directory)
            else:
                files.forget(shape, directory)
            measured = process.go()
            measured["start"], measured["time"] = number, time.time()
            if repeat > 0:
                repeats[name].append(measured)
                continue
            huge[name].append(min(1, process.huge_bytes() / measured["bytes"]))
            if kind != "read" and not name.startswith("fio"):
                files.check(shape, directory, salts[name])
    for process, _ in running.values():
        process.end()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 pairs: whether it works, no more")
    parser.add_argument("--starts", type=int, default=3, help="process starts of each side")
    parser.add_argument("--repeats", type=int, default=5, help="pairs a start, besides a warm-up")
    parser.add_argument("--only", default="", help="races in whose name and memory this occurs")
    parser.add_argument("--set", action="append", default=[], metavar="DS_AIO_X=Y", help="ours")
    parser.add_argument("--cache", default=os.path.join(ROOT, "target/full"), help="has DeepSpeed")
    parser.add_argument("--dir", default=os.path.join(ROOT, "target/race"), help="on the device")
    parser.add_argument("--memory-dir", default="/dev/shm", help="on a tmpfs")
    options = parser.parse_args()
    if options.quick:
        options.starts, options.repeats = 1, 3
    options.settings = dict(setting.split("=", 1) for setting in options.set)
    options.ours = built("race_workload")
    options.fragment = built("fragment")
    return options


def built(program):
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    return os.path.join(target, "release", program)


def main():
    options = arguments()
    os.makedirs(options.dir, exist_ok=True)
    if files.in_memory(options.dir) or not files.in_memory(options.memory_dir):
        raise SystemExit("--dir has to be on a device and --memory-dir on a tmpfs")
    races = [race for race in RACES if options.only in f"{race.name}, {race.memory}"]
    if not races:
        raise SystemExit(f"no race is called {options.only!r}")
    report = {
        "command": sys.argv,
        "machine": [platform.platform(), os.cpu_count(), files.meminfo("MemTotal")],
        "settings": [sides.block_and_depth("big"), sides.THREADS, options.settings],
        "lines": [],
    }
    path = os.path.join(options.dir, "race.json")
    print(" ".join(sys.argv), "\n\n" + judge.HEADER, flush=True)
    held = {"fragmented": None, "fio": None}
    begin = time.monotonic()
    try:
        for race in races:
            if race.memory == "fragmented" and not held["fragmented"]:
                held["fragmented"] = files.Fragmented(options.fragment)
            if any(peer.startswith("fio") for peer in race.peers) and not held["fio"]:
                held["fio"] = files.HugePages()
            contiguous, load = files.contiguous_share(), os.getloadavg()[0]
            repeats, huge = run(options, race)
            lines = [judge.compare(race, peer, repeats) for peer in race.peers]
            # The best of the peers is the one to beat.
            lines.sort(key=lambda line: line["peer_gb_s"], reverse=True)
            for place, line in enumerate(lines):
                if place > 0:
                    line["throughput_target"] = line["cpu_target"] = None
                line["ours_huge"], line["peer_huge"] = huge["ours"], huge[line["peer"]]
                line["contiguous_share_before"], line["load_before"] = contiguous, load
                line["repeats"] = {name: repeats[name] for name in ("ours", "ours again", line["peer"])}
                report["lines"].append(line)
                print(judge.row(line), flush=True)
            with open(path, "w") as file:
                json.dump(report, file, indent=1)
    finally:
        for holder in held.values():
            if holder:
                holder.end()
    missed = [line for line in report["lines"] if "missed" in verdicts(line)]
    print(f"\n{len(races)} races in {time.monotonic() - begin:.0f} s, raw numbers in {path}")
    sys.exit(f"{len(missed)} targets missed" if missed and not options.quick else 0)


def verdicts(line):
    pairs = [("throughput_target", "throughput_verdict"), ("cpu_target", "cpu_verdict")]
    return [line[verdict] for target, verdict in pairs if line[target] is not None]


if __name__ == "__main__":
    main()
