"""Writes torchvision.json: what torchvision's ShuffleNets v2 make of an image, for torchvision.test.ts.

    python3 make.py        (needs torchvision)

Weights are not written: both programs draw them from one generator of whole numbers, in the order of the `state_dict`
whose names and shapes are written. Maps are `[batch, height, width, channels]` here.
"""
import json, pathlib
import torch, torchvision
from torchvision.models import shufflenet_v2_x0_5, shufflenet_v2_x1_0

state = 1


def uniform(low, high):
    global state
    state = (1664525 * state + 1013904223) % 2 ** 32
    return low + (high - low) * state / 2 ** 32


def filled(name, tensor):
    if name.endswith("num_batches_tracked"):
        return tensor
    bound = (6 / tensor[0].numel()) ** 0.5 if tensor.dim() > 1 else 0.2
    positive = tensor.dim() == 1 and name.endswith(("weight", "running_var"))
    flat = [uniform(0.5, 1.5) if positive else uniform(-bound, bound) for _ in range(tensor.numel())]
    return torch.tensor(flat, dtype=torch.float64).reshape(tensor.shape).to(torch.float32)


def features(model, x):
    x = model.maxpool(model.conv1(x))
    return model.conv5(model.stage4(model.stage3(model.stage2(x))))


def encode(maps):
    last = maps.permute(0, 2, 3, 1)
    return {"shape": list(last.shape), "data": [float(f"{value:.7g}") for value in last.flatten().tolist()]}


torch.manual_seed(0)
images = torch.randn(1, 3, 40, 37)
models = {}
with torch.no_grad():
    for width, make in {"0.5": shufflenet_v2_x0_5, "1": shufflenet_v2_x1_0}.items():
        state = 1
        model = make(weights=None)
        tensors = {name: filled(name, tensor) for name, tensor in model.state_dict().items()}
        model.load_state_dict(tensors)
        shapes = {name: list(tensor.shape) for name, tensor in tensors.items()}
        models[width] = {"shapes": shapes, "features": encode(features(model.eval(), images))}
golden = {"source": f"torchvision {torchvision.__version__}", "images": encode(images), "models": models}
pathlib.Path(__file__).with_name("torchvision.json").write_text(json.dumps(golden) + "\n")
