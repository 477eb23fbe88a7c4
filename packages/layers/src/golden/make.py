"""Writes torch.json: blocks of PyTorch with their outputs, gradients and running statistics, for blocks.test.ts.

    python3 make.py        (Debian: apt-get install python3-torch)

Maps are of even height and odd width: with a stride of two, padding alike on both sides shows only in even lengths.
Feature maps are written as [batch, height, width, channels], kernels as [height, width, in, out]. The loss is the sum
of the output times `weigh`. Parameters are listed in the order of the blocks' trees: kernel, scale, offset of each
layer.
"""
import json, pathlib
import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def conv(cin, cout, size=3, stride=1, relu=True, norm=nn.BatchNorm2d, groups=1):
    layers = [nn.Conv2d(cin, cout, size, stride, size // 2, groups=groups, bias=False), norm(cout)]
    return nn.Sequential(*layers, *([nn.ReLU()] if relu else []))


class Residual(nn.Module):
    def __init__(self, body, skip):
        super().__init__()
        self.body, self.skip = body, skip

    def forward(self, x):
        return torch.relu(self.body(x) + self.skip(x))


class PreActivated(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.first = nn.Sequential(nn.BatchNorm2d(cin), nn.ReLU())
        self.body = nn.Sequential(conv(cin, cout, 3, 2), nn.Conv2d(cout, cout, 3, 1, 1, bias=False))
        self.skip = nn.Conv2d(cin, cout, 1, 2, bias=False)

    def forward(self, x):
        x = self.first(x)
        return self.body(x) + self.skip(x)


blocks = {
    "convBlock": conv(3, 4, 3, 2),
    "basic": Residual(nn.Sequential(conv(4, 8, 3, 2), conv(8, 8, relu=False)), conv(4, 8, 1, 2, relu=False)),
    "basicSame": Residual(nn.Sequential(conv(4, 4), conv(4, 4, relu=False)), nn.Identity()),
    "bottleneck": Residual(
        nn.Sequential(conv(4, 2, 1), conv(2, 2, 3, 2), conv(2, 8, 1, relu=False)), conv(4, 8, 1, 2, relu=False)),
    "groups": conv(3, 4, 3, 2, norm=lambda channels: nn.GroupNorm(2, channels)),
    "stage": nn.Sequential(conv(3, 4, 3, 2), conv(4, 4)),
    "stem": nn.Sequential(conv(3, 2, 7, 2), nn.MaxPool2d(3, 2, 1)),
}


def encode(tensor):
    if tensor.dim() == 4:
        tensor = tensor.permute(0, 2, 3, 1)
    return {"shape": list(tensor.shape), "data": [round(v, 7) for v in tensor.detach().flatten().tolist()]}


def kernel(tensor):
    permuted = tensor.detach().permute(2, 3, 1, 0)
    return {"shape": list(permuted.shape), "data": [round(v, 7) for v in permuted.flatten().tolist()]}


def encode_parameter(tensor):
    return kernel(tensor) if tensor.dim() == 4 else encode(tensor)


cases = {}


def add(name, block, channels=None):
    for module in block.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    start = [parameter.detach().clone() for parameter in block.parameters()]
    x = (torch.randn(2, channels or start[0].shape[1], 6, 7) + 2).requires_grad_()
    y = block(x)
    weigh = torch.randn_like(y)
    (y * weigh).sum().backward()
    running = [b for n, b in block.named_buffers() if "running" in n]
    gradients = [parameter.grad for parameter in block.parameters()]
    trained = y
    block.eval()
    cases[name] = {
        "input": encode(x), "weigh": encode(weigh), "output": encode(trained), "inference": encode(block(x)),
        "inputGradient": encode(x.grad), "params": [encode_parameter(p) for p in start],
        "gradients": [encode_parameter(g) for g in gradients], "running": [encode(b) for b in running],
    }


for name, block in blocks.items():
    add(name, block)
# Made here, so that what is above keeps its random numbers.
add("grouped", conv(6, 9, groups=3), 6)
add("grouped1x1", conv(6, 4, 1, groups=2), 6)
add("resized", nn.Sequential(conv(3, 2), nn.Upsample((4, 5), mode="bilinear", align_corners=False)))
add("depthwise", nn.Sequential(conv(4, 4, 3, 2, groups=4), conv(4, 4, 5, groups=4, relu=False)), 4)
add("preActivated", PreActivated(4, 6), 4)
source = f"PyTorch {torch.__version__}, float64"
pathlib.Path(__file__).with_name("torch.json").write_text(json.dumps({"source": source, "cases": cases}) + "\n")
