"""Crashes of a file system under a durable store, and under files that are replaced.

    crashes.py SCENARIO CRASHES [SEED]

Each crash shuts a loop-mounted ext4 down (FS_IOC_SHUTDOWN without a flush of the log) at a random
instant of the work of `killed_store` or `killed_writer`, scenarios of that program: what was not synced
is gone, as after a loss of power. Mounted again, the store or the file is as of the last commit that was
told of, or of the one that had been begun, and whole; the scenario that goes on with it checks that.
For root.
"""
import fcntl
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

SHUTDOWN, WITHOUT_LOG_FLUSH = 0x8004587D, 2
LEN = (1 << 20) + 512


class Disk:
    """A file system on an image, which comes back as a crash left it."""

    def __init__(self, directory):
        self.image = os.path.join(directory, "image")
        self.root = os.path.join(directory, "mounted")
        os.mkdir(self.root)
        with open(self.image, "wb") as image:
            image.truncate(512 << 20)
        subprocess.run(["mkfs.ext4", "-q", self.image], check=True)
        self.is_mounted = False

    def mount(self):
        # Without the option a rename syncs for those who forgot to.
        options = "loop,noauto_da_alloc"
        subprocess.run(["mount", "-o", options, self.image, self.root], check=True)
        self.is_mounted = True

    def crash(self):
        root = os.open(self.root, os.O_RDONLY)
        fcntl.ioctl(root, SHUTDOWN, struct.pack("I", WITHOUT_LOG_FLUSH))
        os.close(root)

    def unmount(self):
        # The kernel lets go of a killed process's rings a moment after the process has ended.
        deadline = time.monotonic() + 30
        while self.is_mounted:
            unmounted = subprocess.run(["umount", self.root], capture_output=True, text=True)
            self.is_mounted = unmounted.returncode != 0
            if self.is_mounted and time.monotonic() > deadline:
                sys.exit(unmounted.stderr)


def last(said, what):
    """The number in the last line that begins so."""
    numbers = [int(line[len(what) + 1:]) for line in said if line.startswith(what + " ")]
    return numbers[-1] if numbers else None


def one_life(disk, command, words, rng):
    """Runs the program from what the last crash left to the next one: what it said, in lines."""
    disk.mount()
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaints, text=True, bufsize=1
        )
        said = [process.stdout.readline().strip() for _ in range(words)]
        time.sleep(rng.uniform(0, 0.02))
        has_ended = process.poll() is not None
        disk.crash()
        process.send_signal(signal.SIGKILL)
        said += [line.strip() for line in process.stdout]
        process.wait()
        disk.unmount()
        if has_ended:
            complaints.seek(0)
            sys.exit(f"{command[1]} ended by itself after {said}:\n{complaints.read()}")
        return said


def crashes(disk, name, command, begins, ends, count, rng):
    at_least = at_most = 0
    under_way = 0
    for crash in range(count + 1):
        # The first word is what was found; the last life is there for that alone.
        said = one_life(disk, command, 1 if crash == count else rng.randrange(1, 8), rng)
        found = last(said, "found")
        if found is None or not at_least <= found <= at_most:
            sys.exit(f"{name}: found {found} after crash {crash}, not {at_least} to {at_most}")
        at_least = found if (told := last(said, ends)) is None else told
        at_most = at_least if (told := last(said, begins)) is None else max(told, at_least)
        under_way += at_most > at_least
    print(f"{name}: {count} crashes, {under_way} during a commit, {at_least} rounds")
    if under_way < count // 10:
        sys.exit(f"{name}: too few crashes during a commit to tell anything")


def main():
    scenario, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    print("seed", seed, flush=True)
    rng = random.Random(seed)
    for name, program, begins, ends in [
        (
            "a store",
            lambda root: [scenario, "killed_store", os.path.join(root, "store")],
            "committing",
            "committed",
        ),
        (
            "a store in two directories",
            lambda root: [
                scenario, "killed_store", os.path.join(root, "store 0"), os.path.join(root, "store 1")
            ],
            "committing",
            "committed",
        ),
        (
            "a file that is replaced",
            lambda root: [scenario, "killed_writer", os.path.join(root, "file"), str(LEN), "resume"],
            "half of",
            "done",
        ),
    ]:
        with tempfile.TemporaryDirectory() as directory:
            disk = Disk(directory)
            try:
                crashes(disk, name, program(disk.root), begins, ends, count, rng)
            finally:
                disk.unmount()


main()
