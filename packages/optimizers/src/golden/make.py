"""Writes torch.json: trajectories of PyTorch's optimizers and schedules on fixed gradients, for optimizers.test.ts.

    python3 make.py        (Debian: apt-get install python3-torch)

LARS is not part of PyTorch; it is written here with torch tensors from You et al. 2017, algorithm 1, with the rate inside
the velocity. Its rate changes from step to step, which tells that apart from a rate outside.
"""
import json, math, pathlib
import torch

torch.set_default_dtype(torch.float64)
shapes = {"weights": (2, 3), "bias": (3,)}


def fixed(seed, shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-1024, 1024, shape, generator=generator).double() / 1024


start = {name: fixed(i, shape) for i, (name, shape) in enumerate(shapes.items())}
gradients = [{name: fixed(100 * t + i, shape) for i, (name, shape) in enumerate(shapes.items())} for t in range(1, 6)]


def flat(tensors):
    return {name: tensor.flatten().tolist() for name, tensor in tensors.items()}


def run(make, clip=None):
    params = {name: tensor.clone().requires_grad_() for name, tensor in start.items()}
    optimizer = make(list(params.values()))
    trace = []
    for step in gradients:
        for name, param in params.items():
            param.grad = step[name].clone()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(list(params.values()), clip)
        optimizer.step()
        trace.append(flat({name: param.detach() for name, param in params.items()}))
    return trace


class Lars:
    def __init__(self, params, rates, momentum, weight_decay, trust):
        self.params, self.rates, self.momentum, self.weight_decay, self.trust = params, iter(rates), momentum, weight_decay, trust
        self.velocity = [torch.zeros_like(p) for p in params]

    def step(self):
        rate = next(self.rates)
        with torch.no_grad():
            for param, velocity in zip(self.params, self.velocity):
                gradient = param.grad
                if param.dim() > 1:
                    gradient = gradient + self.weight_decay * param
                    gradient = gradient * self.trust * param.norm() / gradient.norm()
                velocity.mul_(self.momentum).add_(rate * gradient)
                param.sub_(velocity)


def schedule(make, count=12, lr=0.4):
    param = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([param], lr=lr)
    scheduler = make(optimizer)
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


S = torch.optim.lr_scheduler
result = {
    "source": f"PyTorch {torch.__version__}, float64",
    "start": flat(start), "gradients": [flat(step) for step in gradients],
    "trajectories": {
        "sgd": run(lambda p: torch.optim.SGD(p, lr=0.1)),
        "decay": run(lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.2)),
        "momentum": run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01)),
        "nesterov": run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
        "adamW": run(lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
        "lars": run(lambda p: Lars(p, [4.8, 4.8, 0.48, 0.48, 0.048], 0.9, 0.01, 0.001)),
        "clipped": run(lambda p: torch.optim.SGD(p, lr=0.1), clip=0.5),
    },
    "schedules": {
        "cosine": schedule(lambda o: S.CosineAnnealingLR(o, T_max=12, eta_min=0.05)),
        "warmupCosine": schedule(lambda o: S.LambdaLR(
            o, lambda t: (t + 1) / 3 if t < 3 else (1 + math.cos(math.pi * (t - 3) / 9)) / 2)),
        "steps": schedule(lambda o: S.MultiStepLR(o, milestones=[3, 7], gamma=0.1)),
    },
}
path = pathlib.Path(__file__).with_name("torch.json")
path.write_text(json.dumps(result, indent=1) + "\n")
