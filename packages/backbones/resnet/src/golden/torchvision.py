"""ResNets of torchvision written in plain PyTorch, and what they make of a batch, for torchvision.test.ts.

    python3 torchvision.py make FOLDER DEPTH STEM WIDTH     writes model.safetensors and batch.safetensors
    python3 torchvision.py load FOLDER DEPTH STEM WIDTH     loads encoder.safetensors and writes features.safetensors
    python3 torchvision.py golden                           writes torchvision.json: a ResNet-18 of width 2, kept for who has no PyTorch

Debian: apt-get install python3-torch. Maps are `[batch, height, width, channels]` here, weights as PyTorch has them.
"""
import json, pathlib, struct, sys
import torch
from torch import nn

NAMES = {torch.float32: "F32", torch.int64: "I64"}


def save(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        piece = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def load(path):
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + size])
    header.pop("__metadata__", None)
    data = content[8 + size:]
    return {name: torch.frombuffer(bytearray(data[slice(*entry["data_offsets"])]), dtype=torch.float32).reshape(entry["shape"])
            for name, entry in header.items()}


class Block(nn.Module):
    def __init__(self, entering, inner, stride, bottleneck):
        super().__init__()
        filters = 4 * inner if bottleneck else inner
        plan = [(1, 1, inner), (3, stride, inner), (1, 1, filters)] if bottleneck else [(3, stride, inner), (3, 1, inner)]
        channels = entering
        for i, (size, step, width) in enumerate(plan):
            setattr(self, f"conv{i + 1}", nn.Conv2d(channels, width, size, step, size // 2, bias=False))
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(width))
            channels = width
        self.count = len(plan)
        self.downsample = None
        if stride != 1 or entering != filters:
            self.downsample = nn.Sequential(nn.Conv2d(entering, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        flow = x
        for i in range(self.count):
            flow = getattr(self, f"bn{i + 1}")(getattr(self, f"conv{i + 1}")(flow))
            if i < self.count - 1:
                flow = torch.relu(flow)
        return torch.relu(flow + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, depth, stem, width):
        super().__init__()
        counts = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3]}[depth]
        imagenet = stem == "imagenet"
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False) if imagenet else nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if imagenet else nn.Identity()
        entering = width
        for i, count in enumerate(counts):
            inner, blocks = width * 2 ** i, []
            for b in range(count):
                blocks.append(Block(entering, inner, 2 if i > 0 and b == 0 else 1, depth == 50))
                entering = inner * (4 if depth == 50 else 1)
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(entering, 10)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


def made(depth, stem, width, size=40):
    torch.manual_seed(0)
    model = ResNet(depth, stem, width)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
            nn.init.normal_(module.running_mean, 0, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval(), torch.randn(2, 3, size, size - 3)


def last(maps):
    return maps.permute(0, 2, 3, 1)


def encode(tensor):
    return {"shape": list(tensor.shape), "data": [float(f"{value:.7g}") for value in tensor.flatten().tolist()]}


with torch.no_grad():
    if sys.argv[1] == "golden":
        model, images = made(18, "imagenet", 2, 24)
        golden = {"source": f"PyTorch {torch.__version__}", "tensors": {name: encode(tensor) for name, tensor in model.state_dict().items()},
                  "images": encode(last(images)), "features": encode(last(model(images)))}
        pathlib.Path(__file__).with_name("torchvision.json").write_text(json.dumps(golden) + "\n")
        sys.exit()
    folder, depth, stem, width = pathlib.Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
    model, images = made(depth, stem, width)
    if sys.argv[1] == "make":
        save(folder / "model.safetensors", model.state_dict())
        save(folder / "batch.safetensors", {"images": last(images), "features": last(model(images))})
    else:
        problems = model.load_state_dict(load(folder / "encoder.safetensors"), strict=False)
        assert all(name.startswith("fc.") for name in problems.missing_keys) and not problems.unexpected_keys, problems
        model.fc = nn.Identity()
        save(folder / "features.safetensors", {"images": last(images), "features": last(model(images))})
