"""Writes cifar.json: what a resnet8x2 and a wrn-10-2 in plain PyTorch make of a batch, for cifar.test.ts.

    python3 cifar.py        (needs PyTorch)

Weights are not written: both programs draw them from one generator of whole numbers, parameters first, then running
statistics, in the order of the layers, each as PyTorch lays it out. Maps are `[batch, height, width, channels]` here.
"""
import json, pathlib
import torch
from torch import nn

state = 1


def uniform(low, high):
    global state
    state = (1664525 * state + 1013904223) % 2 ** 32
    return low + (high - low) * state / 2 ** 32


def filled(tensor, low, high):
    flat = [uniform(low, high) for _ in range(tensor.numel())]
    return torch.tensor(flat, dtype=torch.float64).reshape(tensor.shape).to(torch.float32)


def fill(model):
    global state
    state = 1
    for name, parameter in model.named_parameters():
        bound = (6 / parameter[0].numel()) ** 0.5 if parameter.dim() == 4 else 0.2
        parameter.data = filled(parameter, *((0.5, 1.5) if parameter.dim() == 1 and name.endswith("weight") else (-bound, bound)))
    for name, buffer in model.named_buffers():
        if "running" in name:
            buffer.copy_(filled(buffer, *((0.5, 1.5) if name.endswith("var") else (-0.2, 0.2))))
    return model.eval()


def conv(entering, filters, size=3, stride=1):
    return nn.Conv2d(entering, filters, size, stride, size // 2, bias=False)


class Basic(nn.Module):
    def __init__(self, entering, filters, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(entering, filters, 3, stride), nn.BatchNorm2d(filters)
        self.conv2, self.bn2 = conv(filters, filters), nn.BatchNorm2d(filters)
        changes = stride != 1 or entering != filters
        self.shortcut = nn.Sequential(conv(entering, filters, 1, stride), nn.BatchNorm2d(filters)) if changes else nn.Identity()

    def forward(self, x):
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


class Wide(nn.Module):
    def __init__(self, entering, filters, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(entering)
        self.conv1, self.bn2 = conv(entering, filters, 3, stride), nn.BatchNorm2d(filters)
        self.conv2 = conv(filters, filters)
        self.shortcut = conv(entering, filters, 1, stride) if stride != 1 or entering != filters else None

    def forward(self, x):
        normalised = torch.relu(self.bn1(x))
        body = self.conv2(torch.relu(self.bn2(self.conv1(normalised))))
        return body + (x if self.shortcut is None else self.shortcut(normalised))


def groups(block, entering, widths, count):
    blocks = []
    for group, filters in enumerate(widths):
        for i in range(count):
            blocks.append(block(entering, filters, 2 if group > 0 and i == 0 else 1))
            entering = filters
    return blocks


models = {
    "resnet8x2": nn.Sequential(conv(3, 32), nn.BatchNorm2d(32), nn.ReLU(), *groups(Basic, 32, [32, 64, 128], 1)),
    "wrn-16-1": nn.Sequential(conv(3, 16), *groups(Wide, 16, [16, 32, 64], 2), nn.BatchNorm2d(64), nn.ReLU()),
    "wrn-10-2": nn.Sequential(conv(3, 16), *groups(Wide, 16, [32, 64, 128], 1), nn.BatchNorm2d(128), nn.ReLU()),
}


def encode(maps):
    last = maps.permute(0, 2, 3, 1)
    return {"shape": list(last.shape), "data": [float(f"{value:.7g}") for value in last.flatten().tolist()]}


torch.manual_seed(0)
images = torch.randn(2, 3, 8, 7)
with torch.no_grad():
    golden = {
        "source": f"PyTorch {torch.__version__}", "images": encode(images),
        "features": {name: encode(fill(model)(images)) for name, model in models.items()},
    }
pathlib.Path(__file__).with_name("cifar.json").write_text(json.dumps(golden) + "\n")
