"""The Python package `safetensors` as the other side.

`peer.py fixtures DIR` makes the small files of tests/fixtures/safetensors.
`peer.py compare MODEL_COPY` has the helper of that name load files of the package and save them again,
and compares what the package finds in the copies: every dtype that it can write, tensors of no elements,
scalars and many shapes. Needs the package alone.
"""

import ctypes
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import safetensors
from safetensors import TensorSpec, deserialize, serialize

# The package's names of dtypes, those in the files, and bits of an element; of F4 the package counts pairs.
DTYPES = {
    "bool": ("BOOL", 8), "float4_e2m1fn_x2": ("F4", 8), "uint8": ("U8", 8), "int8": ("I8", 8),
    "float8_e5m2": ("F8_E5M2", 8), "float8_e4m3fn": ("F8_E4M3", 8),
    "float8_e8m0fnu": ("F8_E8M0", 8), "float8_e4m3fnuz": ("F8_E4M3FNUZ", 8),
    "float8_e5m2fnuz": ("F8_E5M2FNUZ", 8), "int16": ("I16", 16), "uint16": ("U16", 16),
    "float16": ("F16", 16), "bfloat16": ("BF16", 16), "int32": ("I32", 32), "uint32": ("U32", 32),
    "float32": ("F32", 32), "complex64": ("C64", 64), "float64": ("F64", 64), "int64": ("I64", 64),
    "uint64": ("U64", 64),
}  # fmt: skip
SHAPES = [(), (1,), (0,), (3, 0, 5), (7,), (2, 3), (1, 1, 1, 1), (5, 4, 3, 2), (4096,), (1000, 33)]


def pattern(name, length):
    """What the tests expect in the fixtures."""
    return bytes((i * 7 + len(name)) % 251 for i in range(length))


def length_of(dtype, shape):
    elements = 1
    for size in shape:
        elements *= size
    return elements * DTYPES[dtype][1] // 8


def can_have(dtype, shape):
    """A scalar of four bits is no byte."""
    return shape != () or DTYPES[dtype][0] != "F4"


def packed(tensors, metadata=None):
    """A file of `{name: (dtype, shape, bytes)}`."""
    kept, specs = [], {}
    for name, (dtype, shape, data) in tensors.items():
        memory = (ctypes.c_uint8 * max(1, len(data))).from_buffer_copy(data or b"\0")
        kept.append(memory)
        specs[name] = TensorSpec(
            dtype=dtype, shape=shape, data_ptr=ctypes.addressof(memory), data_len=len(data)
        )
    return bytes(serialize(specs, metadata=metadata))


def found(data):
    return {name: (t["dtype"], tuple(t["shape"]), bytes(t["data"])) for name, t in deserialize(data)}


def metadata_of(data):
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]).get("__metadata__")


def fixtures(directory):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    shapes = {"empty": (0, 3), "scalar": (), "matrix": (2, 3)}
    tensors = {}
    for dtype, (name, _) in DTYPES.items():
        for kind, shape in shapes.items():
            if not can_have(dtype, shape):
                continue
            full = f"{name}.{kind}"
            tensors[full] = (dtype, shape, pattern(full, length_of(dtype, shape)))
    every = packed(tensors, {"format": "pt", "note": 'quotes " and \u00fcmlauts'})
    (directory / "every_dtype.safetensors").write_bytes(every)
    (directory / "no_tensors.safetensors").write_bytes(packed({}))
    weight_map, total = {}, 0
    for number in (1, 2, 3):
        file = f"model-{number:05}-of-00003.safetensors"
        shard = {}
        for layer in range(3):
            name = f"layers.{3 * (number - 1) + layer}.weight"
            data = pattern(name, 40 * number)
            shard[name] = ("float32", (10, number), data)
            weight_map[name], total = file, total + len(data)
        (directory / file).write_bytes(packed(shard, {"format": "pt"}))
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    text = json.dumps(index, indent=2, sort_keys=True) + "\n"
    (directory / "model.safetensors.index.json").write_text(text)


def copied(helper, directory, data):
    source, target = directory / "source.safetensors", directory / "target.safetensors"
    source.write_bytes(data)
    subprocess.run([helper, source, target], check=True)
    return target


def compare(helper):
    rng = random.Random(1)
    files = 0
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)

        def check(tensors, metadata=None):
            nonlocal files
            data = packed(tensors, metadata)
            expected = found(data)
            assert len(expected) == len(tensors)
            target = copied(helper, directory, data)
            copy = target.read_bytes()
            assert found(copy) == expected, sorted(expected)
            assert metadata_of(copy) == metadata_of(data), metadata
            assert (int.from_bytes(copy[:8], "little") + 8) % 4096 == 0
            # As a user opens it.
            with safetensors.safe_open(target, framework="np") as opened:
                assert sorted(opened.keys()) == sorted(expected)
            files += 1

        check({})
        for dtype, shape in itertools.product(DTYPES, SHAPES):
            if not can_have(dtype, shape):
                continue
            data = rng.randbytes(length_of(dtype, shape))
            check({"tensor": (dtype, shape, data)}, {"shape": str(shape)})
        for _ in range(30):
            tensors = {}
            for number in range(rng.randrange(1, 40)):
                dtype, shape = rng.choice(list(DTYPES)), rng.choice(SHAPES)
                if can_have(dtype, shape):
                    data = rng.randbytes(length_of(dtype, shape))
                    tensors[f"t.{number}"] = (dtype, shape, data)
            check(tensors, rng.choice([None, {"format": "pt"}]))
    print(f"safetensors {safetensors.__version__}: {files} files, {len(DTYPES)} dtypes, the same both ways")


if __name__ == "__main__":
    {"fixtures": fixtures, "compare": compare}[sys.argv[1]](sys.argv[2])
