"""Writes queue.json: supConQueue over several steps, from the equation in loops and double precision.

    python3 queue.py        (Debian: apt-get install python3-numpy)

Queries and keys are multiples of 1/1024, exact in float32. The gradient is by central differences of the loss.
"""
import json, pathlib
import numpy as np

rng = np.random.default_rng(0)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cost(queries, keys, labels, queue, temperature):
    """Eq. 2 of Khosla et al. 2020: queries as anchors, keys of the batch and of the queue as their contrasts."""
    contrasts = [(key, label) for key, label in zip(unit(keys), labels)] + queue
    costs = []
    for i, q in enumerate(unit(queries)):
        logits = np.array([q @ key / temperature for key, _ in contrasts])
        log_total = np.log(np.sum(np.exp(logits - logits.max()))) + logits.max()
        positives = [j for j, (_, label) in enumerate(contrasts) if j == i or (labels[i] >= 0 and label == labels[i])]
        costs.append(-np.mean([logits[j] - log_total for j in positives]))
    return costs


def gradient(queries, *rest, h=1e-5):
    found = np.zeros_like(queries)
    for place in np.ndindex(queries.shape):
        up, down = queries.copy(), queries.copy()
        up[place] += h
        down[place] -= h
        found[place] = (np.mean(cost(up, *rest)) - np.mean(cost(down, *rest))) / (2 * h)
    return found


def tensor(array):
    return {"shape": list(array.shape), "data": array.ravel().tolist()}


def case(name, size, batch, dim, classes, temperature, steps=5):
    queue, written = [], []
    for _ in range(steps):
        queries, keys = (np.round(rng.normal(size=(batch, dim)) * 1024) / 1024 for _ in range(2))
        labels = rng.integers(-1, classes, size=batch).tolist()
        costs = cost(queries, keys, labels, queue, temperature)
        written.append({
            "queries": tensor(queries), "keys": tensor(keys), "labels": labels,
            "costs": costs, "gradient": tensor(gradient(queries, keys, labels, queue, temperature)),
        })
        # The newest keys; where they lie in the ring makes no difference to the loss.
        queue = (queue + list(zip(unit(keys), labels)))[-size:]
    return {"name": name, "size": size, "temperature": temperature, "steps": written}


cases = [
    case("partly full", 64, 4, 3, 2, 0.5),
    case("wraps, not at the end of a batch", 7, 3, 4, 3, 0.1),
    case("as large as a batch", 4, 4, 3, 2, 0.2),
    case("smaller than a batch", 2, 5, 3, 2, 0.07),
]
pathlib.Path(__file__).with_name("queue.json").write_text(json.dumps({"made by": "queue.py", "cases": cases}) + "\n")
