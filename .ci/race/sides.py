"""The sides of a race: processes that run a repeat when they are told to."""
import json
import os
import statistics
import subprocess

THREADS = 1


def block_and_depth(shape):
    """Bytes a block, and blocks in flight, of a workload."""
    return (4096, 32) if shape == "random" else (1 << 20, 8)


class Process:
    """A side that stays, and speaks the protocol of `tests/src/bin/race_workload.rs`."""

    def __init__(self, command, environment, log):
        self.command = command
        self.log = open(log, "w")
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def _ask(self, word):
        try:
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SystemExit(f"{' '.join(self.command)} ended; see {self.log.name}")
        return answer

    def prepare(self):
        self._ask("prepare")

    def go(self):
        return json.loads(self._ask("go"))

    def huge_bytes(self):
        """Of its memory, what is on huge pages."""
        with open(f"/proc/{self.process.pid}/smaps_rollup") as file:
            return sum(int(line.split()[1]) << 10 for line in file if "AnonHugePages" in line)

    def end(self):
        self.process.communicate()
        self.log.close()
        if self.process.returncode != 0:
            raise SystemExit(f"{' '.join(self.command)} failed; see {self.log.name}")


class Ours(Process):
    def __init__(self, options, shape, kind, directory, salt, log, backend=None):
        block_size, depth = block_and_depth(shape)
        environment = {
            "DS_AIO_BLOCK_SIZE": str(block_size),
            "DS_AIO_QUEUE_DEPTH": str(depth),
            "DS_AIO_THREAD_COUNT": str(THREADS),
            **options.settings,
        }
        if backend:
            environment["DS_AIO_BACKEND"] = backend
        super().__init__([options.ours, shape, kind, directory, str(salt)], environment, log)


class DeepSpeed(Process):
    """DeepSpeed's aio_handle, as it is or with huge pages in glibc's malloc."""

    def __init__(self, options, shape, kind, directory, salt, log, huge=False):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer_deepspeed.py")
        environment = {
            "DS_ACCELERATOR": "cpu",
            "PYTHONDONTWRITEBYTECODE": "1",
            "TORCH_EXTENSIONS_DIR": os.path.join(options.cache, "torch_extensions"),
            "PATH": os.path.join(options.cache, "venv/bin") + ":" + os.environ["PATH"],
        }
        if huge:
            environment["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
        numbers = [str(number) for number in (salt, *block_and_depth(shape), THREADS)]
        python = os.path.join(options.cache, "venv/bin/python")
        super().__init__([python, script, shape, kind, directory, *numbers], environment, log)


class Fio:
    """fio on the big file, a process a repeat, with buffers of `depth × block` bytes in all."""

    def __init__(self, engine, shape, kind, directory):
        block_size, depth = block_and_depth(shape)
        mode = ("rand" if shape == "random" else "") + ("read" if kind == "read" else "write")
        self.command = [
            "fio", "--name=race", f"--filename={directory}/big.dat", f"--ioengine={engine}",
            f"--rw={mode}", f"--bs={block_size}",
            "--direct=1", "--thread", "--scramble_buffers=0", "--gtod_reduce=1",
            "--iomem=mmaphuge", "--allow_file_create=0", "--output-format=json",
        ]  # fmt: skip
        if kind != "read":
            self.command.append("--overwrite=1")
        if shape == "random":
            self.command += ["--io_size=256m", "--norandommap"]
        lanes = depth * THREADS
        if engine == "psync":
            each = (1 << 30) // lanes
            self.command += [f"--numjobs={lanes}", "--group_reporting", f"--size={each}"]
            self.command.append(f"--offset_increment={each}")
        else:
            self.command += [f"--iodepth={lanes}", "--size=1g"]
        if shape != "random":
            # Longer than the others' repeats, or starting it would be most of what it takes.
            self.command.append("--loops=4")
        self.direction = "read" if kind == "read" else "write"
        # Of a process that hardly transfers anything. The others have started before they count.
        few = [*self.command, f"--io_size={block_size}", "--loops=1"]
        self.startup = statistics.median(self._run(few)[1] for _ in range(5))

    def _run(self, command):
        """What fio says, and processor seconds from its start to its end."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed: {output}")
        return output, usage.ru_utime + usage.ru_stime

    def prepare(self):
        pass

    def go(self):
        output, processor = self._run(self.command)
        measured = json.loads(output[output.index("{") :])["jobs"][0][self.direction]
        return {
            "workload": f"fio_{self.direction}",
            "bytes": measured["io_bytes"],
            "seconds": measured["runtime"] / 1000,
            "cpu_seconds": max(processor - self.startup, 0),
        }

    def huge_bytes(self):
        return 0

    def end(self):
        pass
