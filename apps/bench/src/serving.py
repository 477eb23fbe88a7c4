"""What the peers have in common: a program whose steps are timed one by one, in turn with those of another.

The first line it prints says the version, how fast it multiplies matrices, and the names of its problems. Then it answers one JSON object a line:
  {"load": name, "inputs": {input: {"shape", "dtype", "data"}}}   ->  what the program says of it; data are base64
  {"step": name}                                                  ->  {"ms"}
  {"peak": true}                                                  ->  {"bytes"}, the most resident memory so far
"""
import argparse
import base64
import json
import math
import os
import sys
import time

parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=1)
threads = parser.parse_args().threads
# OpenBLAS does not hear of torch.set_num_threads: on its own it takes every processor.
os.environ["OPENBLAS_NUM_THREADS"] = str(threads)

try:
    import torch
except ImportError:
    print(json.dumps({"error": "no torch"}), flush=True)
    sys.exit(0)


def serve(names, load):
    """`load` takes a name and the inputs by name; it returns a step to be timed, and what to say."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)

    def answer(reply):
        print(json.dumps(reply), flush=True)

    answer({"torch": torch.__version__, "threads": torch.get_num_threads(), "gflops": gflops(), "names": list(names)})
    steps = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "load" in request:
            steps.pop(request["load"], None)
            inputs = {name: decode(given) for name, given in request["inputs"].items()}
            steps[request["load"]], reply = load(request["load"], inputs)
            answer(reply)
        elif "step" in request:
            began = time.perf_counter()
            steps[request["step"]]()
            answer({"ms": 1000 * (time.perf_counter() - began)})
        else:
            answer({"bytes": peak()})


def decode(given):
    dtype = torch.int32 if given["dtype"] == "int32" else torch.float32
    tensor = torch.frombuffer(bytearray(base64.b64decode(given["data"])), dtype=dtype).reshape(given["shape"])
    # Maps arrive as [batch, height, width, channels].
    return tensor.permute(0, 3, 1, 2).contiguous() if tensor.dim() == 4 else tensor


def gflops(n=1024, tries=5):
    """Billions of floating-point operations a second in products of matrices, at best: below ten, torch has found no BLAS but the reference."""
    a = torch.randn(n, n)
    best = math.inf
    for _ in range(tries):
        began = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - began)
    return 2 * n ** 3 / best / 1e9


def peak():
    """Not ru_maxrss on Linux, where a process begins with that of the process that started it. On macOS that is in bytes."""
    try:
        with open("/proc/self/status") as status:
            return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        import resource  # which Windows lacks
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
