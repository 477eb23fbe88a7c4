"""Features of images as users of PyTorch make them, timed a batch at a time beside ours: embed.py --threads 1

Speaks as serving.py says. A name is the height of the images: "32" or "224". Of what it loads it says {"numbers"}, how many the network learns.
A step is a batch through the network at inference, and the mean of its maps. Weights and images are of its own drawing.
"""
from serving import serve  # first, for it says where torch is missing

import torch
import torch.nn as nn

from peers import Residual, conv

BATCHES = {"32": 64, "224": 20}


def resnet18(stem):
    widths = [64, 128, 256, 512]
    blocks = [nn.Sequential(Residual(entering, filters, stride), Residual(filters, filters, 1))
              for entering, filters, stride in zip([64] + widths, widths, (1, 2, 2, 2))]
    return nn.Sequential(*stem, *blocks)


STEMS = {
    "32": lambda: [conv(3, 64), nn.ReLU()],
    "224": lambda: [conv(3, 64, 2, size=7), nn.ReLU(), nn.MaxPool2d(3, 2, 1)],
}


def load(name, _):
    network = resnet18(STEMS[name]()).eval()
    images = torch.rand(BATCHES[name], 3, int(name), int(name))

    def step():
        with torch.inference_mode():
            network(images).mean((2, 3)).sum().item()
    return step, {"numbers": sum(tensor.numel() for tensor in network.parameters())}


if __name__ == "__main__":
    serve(BATCHES, load)
