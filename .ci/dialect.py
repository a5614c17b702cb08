"""What we write for DeepSpeed against what its own parser makes of it.

    dialect.py FOR_DEEPSPEED

FOR_DEEPSPEED prints the section made of DS_AIO_* variables. Every key of the parser is written, every
key written is one of the parser's, and it gets each value as the variable said it.
"""
import itertools
import json
import os
import subprocess
import sys

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


def compare(settings):
    document = written(settings)
    expected = json.dumps(AIO_DEFAULT_DICT | settings, sort_keys=True)
    for what, values in ("written", document["aio"]), ("read", get_aio_config(document)):
        # As texts, in which `1` and `true` differ.
        if json.dumps(values, sort_keys=True) != expected:
            sys.exit(f"of {settings} there is {what}: {values}, but expected was {expected}")


alternatives = [[(key, value) for value in [None, *values]] for key, (_, values) in KEYS.items()]
count = 0
for combination in itertools.product(*alternatives):
    compare({key: value for key, value in combination if value is not None})
    count += 1
print(f"DeepSpeed reads {count} configurations as they were written")
