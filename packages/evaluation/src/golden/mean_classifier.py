"""Writes mean-classifier.json: how often a mean classifier is right, for mean-classifier.test.ts.

    python3 mean_classifier.py        (needs numpy)

Rows are multiples of 1/64, so that float32 holds them; classes are uneven, and one of the test rows is zero: a tie.
"""
import json, pathlib
from itertools import combinations
import numpy as np

random = np.random.default_rng(0)
classes, dim = 7, 5
centres = random.normal(size=(classes, dim))


def examples(count):
    labels = random.integers(classes, size=count)
    rows = centres[labels] + 0.9 * random.normal(size=(count, dim)) + 0.3
    return np.round(64 * rows) / 64, labels


(train, known), (test, asked) = examples(90), examples(60)
test[3] = 0
means = np.stack([train[known == c].mean(axis=0) for c in range(classes)])
scores = test @ means.T
own = scores[np.arange(len(test)), asked]
others = np.arange(classes) != asked[:, None]
ranks = 1 + ((scores >= own[:, None]) & others).sum(axis=1)

pairs = []
for a, b in combinations(range(classes), 2):
    of_a, of_b = scores[asked == a], scores[asked == b]
    right = (of_a[:, a] > of_a[:, b]).sum() + (of_b[:, b] > of_b[:, a]).sum()
    pairs.append(right / (len(of_a) + len(of_b)))

golden = {
    "dim": dim,
    "train": {"values": train.ravel().tolist(), "labels": known.tolist()},
    "test": {"values": test.ravel().tolist(), "labels": asked.tolist()},
    "avg2": np.mean(pairs),
    "top1": (ranks <= 1).mean(),
    "top5": (ranks <= 5).mean(),
}
pathlib.Path(__file__).with_name("mean-classifier.json").write_text(json.dumps(golden) + "\n")
