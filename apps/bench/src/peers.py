"""Steps of local learning as users of PyTorch write them, timed one at a time beside ours: peers.py --threads 1

Speaks as serving.py says. A name is a workload and a method, "small greedy"; of what it loads it says {"gradients"}, how many numbers have one.
A step is forward and backward, no optimizer. Weights and inputs are of its own drawing.
"""
from serving import serve  # first, for it says where torch is missing

import torch
import torch.nn as nn
import torch.nn.functional as F

from losses import nt_xent


# ── networks: stages, the channels that each gives, the numbers that an image becomes, the size of images ──

def conv(entering, filters, stride=1, size=3):
    return nn.Sequential(nn.Conv2d(entering, filters, size, stride, size // 2, bias=False), nn.BatchNorm2d(filters))


class Residual(nn.Module):
    def __init__(self, entering, filters, stride):
        super().__init__()
        self.body = nn.Sequential(conv(entering, filters, stride), nn.ReLU(), conv(filters, filters))
        self.skip = nn.Identity() if stride == 1 and entering == filters else conv(entering, filters, stride, size=1)

    def forward(self, x):
        return F.relu(self.body(x) + self.skip(x))


def small():
    stages = [nn.Sequential(conv(entering, 32, stride), nn.ReLU(), conv(32, 32), nn.ReLU())
              for entering, stride in zip((3, 32, 32, 32), (1, 2, 2, 1))]
    return stages, [32] * 4, 64, 28


def resnet18():
    widths = [64, 128, 256, 512]
    stages = [nn.Sequential(Residual(entering, filters, stride), Residual(filters, filters, 1))
              for entering, filters, stride in zip([64] + widths, widths, (1, 2, 2, 2))]
    stages[0] = nn.Sequential(conv(3, 64), nn.ReLU(), stages[0])
    return stages, widths, 128, 32


# ── where gradients stop: spans of so many stages, one after another ──

METHODS = {"end-to-end": 4, "greedy": 1, "overlapping": 2}


def network_step(network, size, batch=64):
    stages, widths, numbers, length = network()
    starts = range(len(stages) - size + 1)
    heads = [nn.Sequential(nn.Linear(c, c, bias=False), nn.ReLU(), nn.Linear(c, numbers, bias=False)) for c in widths[size - 1:]]
    images = torch.randn(batch, 3, length, length)
    wanted = list(nn.ModuleList(stages + heads).parameters())

    def step():
        for parameter in wanted:
            parameter.grad = None
        flow = images
        for start, head in zip(starts, heads):
            first = stages[start](flow)
            top = first
            for stage in stages[start + 1:start + size]:
                top = stage(top)
            nt_xent(head(top.mean((2, 3))), temperature=0.2).backward()
            # The next unit runs what they share again: nothing of this one's graph is kept.
            flow = first.detach()
    return step, wanted


def loss_step(batch):
    views = [torch.randn(batch, 128, requires_grad=True) for _ in range(2)]

    def step():
        for view in views:
            view.grad = None
        nt_xent(torch.cat(views)).backward()
    return step, views


PROBLEMS = {
    **{f"{network.__name__} {method}": lambda network=network, size=size: network_step(network, size)
       for network in (small, resnet18) for method, size in METHODS.items()},
    "ntxent1024 loss": lambda: loss_step(1024), "ntxent4096 loss": lambda: loss_step(4096),
}


def load(name, _):
    step, wanted = PROBLEMS[name]()
    return step, {"gradients": sum(tensor.numel() for tensor in wanted)}


if __name__ == "__main__":
    serve(PROBLEMS, load)
