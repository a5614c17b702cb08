"""What we write for DeepSpeed against what its own parser makes of it.

    dialect.py FOR_DEEPSPEED COMMAND

FOR_DEEPSPEED prints the section made of DS_AIO_* variables. Every key of the parser is written, every
key written is one of the parser's, and it gets each value as the variable said it. COMMAND is `ds-aio`:
what its `tune` chooses and its `config migrate` converts is read as it was meant, too.
"""
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from deepspeed.runtime.swap_tensor.aio_config import AIO_DEFAULT_DICT, get_aio_config

# Their keys, our variables, and values besides the default.
KEYS = {
    "block_size": ("DS_AIO_BLOCK_SIZE", [512, 8 << 20, 1 << 30]),
    "queue_depth": ("DS_AIO_QUEUE_DEPTH", [1, 128, 65536]),
    "intra_op_parallelism": ("DS_AIO_THREAD_COUNT", [2, 16, 1024]),
    "single_submit": ("DS_AIO_SINGLE_SUBMIT", [True]),
    "overlap_events": ("DS_AIO_OVERLAP_EVENTS", [False]),
}


def written(settings):
    others = {name: text for name, text in os.environ.items() if not name.startswith("DS_AIO_")}
    ours = {KEYS[key][0]: json.dumps(value) for key, value in settings.items()}
    return json.loads(subprocess.check_output([sys.argv[1]], env=others | ours))


def compare(settings, document):
    expected = json.dumps(AIO_DEFAULT_DICT | settings, sort_keys=True)
    for what, values in ("written", document["aio"]), ("read", get_aio_config(document)):
        # As texts, in which `1` and `true` differ.
        if json.dumps(values, sort_keys=True) != expected:
            sys.exit(f"of {settings} there is {what}: {values}, but expected was {expected}")


def run(*arguments):
    others = {name: text for name, text in os.environ.items() if not name.startswith("DS_AIO_")}
    return subprocess.check_output([sys.argv[2], *map(str, arguments)], env=others)


def tuned(directory):
    """What `tune` chooses, by its own account and in the file for DeepSpeed."""
    for number, given in enumerate(["queue_depth=8", "single_submit=true", "overlap_events=false"]):
        file = pathlib.Path(directory, f"{number}.json")
        search = ["--size", "8MiB", "--budget", "3s", "--set", given, "--deepspeed", file]
        chosen = json.loads(run("tune", directory, "--json", *search))["chosen"]
        chosen["intra_op_parallelism"] = chosen["thread_count"]
        compare({key: chosen[key] for key in KEYS}, json.loads(file.read_text()))


def migrated(directory):
    """A section with the older name of the number of workers, which the parser ignores."""
    file = pathlib.Path(directory, "old.json")
    file.write_text('{"aio": {"thread_count": 4, "queue_depth": 32}}')
    if get_aio_config(json.loads(file.read_text()))["intra_op_parallelism"] == 4:
        sys.exit("the parser knows the older name again: the texts that say otherwise are wrong")
    document = json.loads(run("config", "migrate", file, "--to", "deepspeed"))
    compare({"intra_op_parallelism": 4, "queue_depth": 32}, document)


alternatives = [[(key, value) for value in [None, *values]] for key, (_, values) in KEYS.items()]
count = 0
for combination in itertools.product(*alternatives):
    settings = {key: value for key, value in combination if value is not None}
    compare(settings, written(settings))
    count += 1
with tempfile.TemporaryDirectory() as directory:
    tuned(directory)
    migrated(directory)
print(f"DeepSpeed reads {count} configurations, and those of the command, as they were written")
