"""The files that are raced on, and the state of the machine's memory."""
import ctypes
import os
import struct
import subprocess

MIB = 1 << 20
ODD = 123


def of_shape(shape, directory):
    """Path, whole MiB and bytes beyond them of each file of a workload, in the order of stamps."""
    if shape == "many":
        return [(f"{directory}/many-{number}.dat", 1, 0) for number in range(256)]
    if shape.startswith("big:"):
        return [(f"{directory}/big.dat", int(shape[4:]), 0)]
    name, mib, rest = {
        "big": ("big", 1024, 0),
        "reused": ("big", 1024, 0),
        "random": ("big", 1024, 0),
        "plain": ("plain", 256, 0),
        "odd": ("odd", 256, ODD),
    }[shape]
    return [(f"{directory}/{name}.dat", mib, rest)]


def stamp(salt, number):
    return struct.pack("<Q", salt << 32 | number)


def make(shape, directory, salt):
    """Writes the files of a workload, each MiB stamped, and sees them to the device."""
    noise = bytearray(os.urandom(MIB))
    number = 1
    for path, mib, rest in of_shape(shape, directory):
        with open(path, "wb", buffering=0) as file:
            for length in [MIB] * mib + [rest] * bool(rest):
                noise[:8] = stamp(salt, number)
                file.write(memoryview(noise)[:length])
                number += 1
            os.fsync(file.fileno())
    forget(shape, directory)


def check(shape, directory, salt):
    """Fails unless the files are those that the side with that salt wrote."""
    number = 1
    for path, mib, rest in of_shape(shape, directory):
        if os.path.getsize(path) != mib * MIB + rest:
            raise SystemExit(f"{path} has {os.path.getsize(path)} bytes")
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            for at in range(mib + bool(rest)):
                # A buffer that is used again has the stamp it had, whichever MiB it is written to.
                numbers = range(1, 9) if shape == "reused" else [number]
                expected = [stamp(salt, number) for number in numbers]
                found = os.pread(file.fileno(), 8, at * MIB)
                if found not in expected:
                    raise SystemExit(f"{path}: MiB {at} begins with {found!r}, not {expected!r}")
                number += 1
    forget(shape, directory)


def remove(shape, directory):
    for path, _, _ in of_shape(shape, directory):
        if os.path.exists(path):
            os.remove(path)


def in_memory(directory):
    found = subprocess.run(
        ["stat", "-f", "-c", "%T", directory], check=True, capture_output=True, text=True
    )
    return found.stdout.strip() == "tmpfs"


def forget(shape, directory):
    """Drops a workload's files from the page cache, and fails if they are still in it."""
    if in_memory(directory):
        return
    for path, _, _ in of_shape(shape, directory):
        if not os.path.exists(path):
            continue
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        pages = cached_pages(descriptor)
        if pages:
            # What is on the processors' own lists is let go at the second call.
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            pages = cached_pages(descriptor)
        os.close(descriptor)
        if pages:
            raise SystemExit(f"{path}: {pages} pages stay in the page cache")


def remember(shape, directory):
    """Reads a workload's files into the page cache."""
    for path, _, _ in of_shape(shape, directory):
        with open(path, "rb", buffering=0) as file:
            while file.read(MIB):
                pass


def cached_pages(descriptor):
    """By cachestat (Linux 6.5); 0 where the kernel does not have it."""
    cachestat = 451
    whole, found = (ctypes.c_uint64 * 2)(0, 0), (ctypes.c_uint64 * 5)()
    libc = ctypes.CDLL(None, use_errno=True)
    return found[0] if libc.syscall(cachestat, descriptor, whole, found, 0) == 0 else 0


def put(path, text):
    with open(path, "w") as file:
        file.write(text)


def meminfo(field):
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) << 10
    raise SystemExit(f"/proc/meminfo has no {field}")


def make_fresh():
    """Free memory in large pieces again, as far as the kernel can, after whatever ran before."""
    os.sync()
    put("/proc/sys/vm/drop_caches", "3")
    put("/proc/sys/vm/compact_memory", "1")


def contiguous_share():
    """Of free memory, what lies in pieces of at least 2 MiB."""
    free = large = 0
    with open("/proc/buddyinfo") as file:
        for line in file:
            for order, count in enumerate(line.split()[4:]):
                free += int(count) << order
                large += int(count) << order if order >= 9 else 0
    return large / free


class Fragmented:
    """While it lasts, free memory is in single pages."""

    def __init__(self, program):
        room = meminfo("MemAvailable") - (4 << 30)
        gib = min(meminfo("MemTotal") * 3 // 4, room) >> 30
        if gib < 2:
            raise SystemExit("too little memory is free to fragment it")
        self.gib = gib
        self.holder = subprocess.Popen(
            [program, str(gib)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self.holder.stdout.readline() != "ready\n":
            raise SystemExit("memory could not be fragmented")

    def end(self):
        self.holder.communicate()


class HugePages:
    """Reserved huge pages, without which fio is not the best it can be."""

    SETTING = "/proc/sys/vm/nr_hugepages"
    WANTED = 32

    def __init__(self):
        with open(self.SETTING) as file:
            self.before = file.read()
        put(self.SETTING, str(max(self.WANTED, int(self.before))))
        with open(self.SETTING) as file:
            if int(file.read()) < self.WANTED:
                raise SystemExit("the system has no huge pages for fio")

    def end(self):
        put(self.SETTING, self.before)
