"""The losses as users of PyTorch write them, timed one step at a time beside ours: losses.py --threads 1

Speaks as serving.py says. Of a loss that it loads it says {"loss", "gradientLength"}.
Views and parameters ("views.0", "params.weights") get gradients. Options are the defaults of ours.
"""
import math

from serving import serve  # first, for it says where torch is missing

import torch
import torch.nn.functional as F


# ── contrastive ──

def nt_xent(z, temperature=0.5):
    z = F.normalize(z)
    n = z.shape[0]
    logits = (z @ z.T / temperature).masked_fill(torch.eye(n, dtype=torch.bool), -1e9)
    return F.cross_entropy(logits, (torch.arange(n) + n // 2) % n)


def all_views(loss):
    return lambda x: loss(torch.cat(x.views))


def info_nce(x, temperature=0.1):
    query, key = F.normalize(x.views[0]), F.normalize(x.views[1])
    return F.cross_entropy(query @ key.T / temperature, torch.arange(len(query)))


def moco(x, temperature=0.07):
    q, k, queue = F.normalize(x.views[0]), F.normalize(x.targets[1]), x.memory["rows"]
    positive = torch.einsum("nc,nc->n", q, k).unsqueeze(-1)
    negative = torch.einsum("nc,kc->nk", q, queue.clone().detach())
    logits = torch.cat([positive, negative], dim=1) / temperature
    loss = F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))
    enqueue(queue, k)
    return loss


@torch.no_grad()
def enqueue(queue, rows):
    queue[: len(rows)] = rows[: len(queue)]


def pairs(x):
    """Both views' rows, which row is whose positive, and which pairs are negatives."""
    z = F.normalize(torch.cat(x.views))
    n = z.shape[0]
    same = torch.eye(n // 2, dtype=torch.bool).repeat(2, 2)
    return z, z.roll(n // 2, 0), same


def dcl(x, temperature=0.1):
    z, other, same = pairs(x)
    positive = (z * other).sum(1) / temperature
    negative = (z @ z.T / temperature).masked_fill(same, -1e9)
    return (torch.logsumexp(negative, 1) - positive).mean()


def debiased(x, temperature=0.5, tau=0.1):
    z, other, same = pairs(x)
    n = z.shape[0] - 2
    negative = torch.exp(z @ z.T / temperature).masked_select(~same).view(len(z), -1)
    positive = torch.exp((z * other).sum(1) / temperature)
    ng = (-tau * n * positive + negative.sum(-1)) / (1 - tau)
    ng = torch.clamp(ng, min=n * math.exp(-1 / temperature))
    return -torch.log(positive / (positive + ng)).mean()


def hard_negatives(x, temperature=0.5, tau=0.1, beta=1.0):
    z, other, same = pairs(x)
    n = z.shape[0] - 2
    negative = torch.exp(z @ z.T / temperature).masked_select(~same).view(len(z), -1)
    positive = torch.exp((z * other).sum(1) / temperature)
    importance = (beta * negative.log()).exp()
    reweighted = (importance * negative).sum(-1) / importance.mean(-1)
    ng = torch.clamp((-tau * n * positive + reweighted) / (1 - tau), min=n * math.exp(-1 / temperature))
    return -torch.log(positive / (positive + ng)).mean()


def sup_con_parts(x, temperature):
    z = F.normalize(torch.cat(x.views))
    n = z.shape[0]
    labels = x.labels.repeat(2).view(-1, 1)
    others = 1 - torch.eye(n)
    positives = (labels == labels.T).float() * others
    logits = z @ z.T / temperature
    logits = logits - logits.max(1, keepdim=True)[0].detach()
    return logits, positives, others


def sup_con(x, temperature=0.1):
    logits, positives, others = sup_con_parts(x, temperature)
    log_probability = logits - torch.log((torch.exp(logits) * others).sum(1, keepdim=True))
    return -((positives * log_probability).sum(1) / positives.sum(1)).mean()


def sup_con_in(x, temperature=0.1):
    logits, positives, others = sup_con_parts(x, temperature)
    exponentials = torch.exp(logits)
    inside = (exponentials * positives).sum(1) / positives.sum(1)
    return (torch.log((exponentials * others).sum(1)) - torch.log(inside)).mean()


# ── attraction and repulsion ──

def squared_distances(a, b):
    return a.pow(2).sum(1, keepdim=True) + b.pow(2).sum(1) - 2 * a @ b.T


def others_only(matrix):
    n = len(matrix)
    return matrix.masked_select(~torch.eye(n, dtype=torch.bool)).view(n, n - 1)


def cacr(x, positive=1.0, negative=1.0):
    a, b = (F.normalize(view) for view in x.views)
    attraction = (a - b).pow(2).sum(1).mean()
    distances = others_only(squared_distances(a, b))
    weights = torch.softmax(-negative * distances, dim=1)
    return attraction - (weights * distances).sum(1).mean()


def cacr_momentum(x, temperature=1.0):
    queries, keys = [F.normalize(view) for view in x.views], [F.normalize(target) for target in x.targets]

    def contrast(q, k):
        return F.cross_entropy(q @ k.T / temperature, torch.arange(len(q))) * (2 * temperature)
    return (contrast(queries[0], keys[1]) + contrast(queries[1], keys[0])) / 2


def cacr_queue(x, positive=1.0, negative=2.0):
    queries, keys, queue = [F.normalize(view) for view in x.views], [F.normalize(target) for target in x.targets], x.memory["rows"]
    loss = 0
    for query, key in zip(queries, reversed(keys)):
        attraction = (query - key).pow(2).sum(1).mean()
        to_queue, to_batch = squared_distances(query, queue.clone()), others_only(squared_distances(query, query))
        weights = torch.softmax(-negative * torch.cat([to_queue.detach(), to_batch], 1), dim=1)
        loss = loss + attraction - (weights * torch.cat([to_queue, to_batch], 1)).sum(1).mean()
    enqueue(queue, keys[1])
    return loss / 2


# ── without negatives ──

def off_diagonal(matrix):
    n = len(matrix)
    return matrix.flatten()[:-1].view(n - 1, n + 1)[:, 1:].flatten()


def barlow_twins(x, redundancy=5e-3):
    a, b = (F.batch_norm(view, None, None, training=True) for view in x.views)
    c = a.T @ b / len(a)
    return (torch.diagonal(c) - 1).pow(2).sum() + redundancy * off_diagonal(c).pow(2).sum()


def vic_reg(x):
    a, b = x.views
    invariance = F.mse_loss(a, b)
    variance, covariance = 0, 0
    for view in (a, b):
        centred = view - view.mean(0)
        variance = variance + F.relu(1 - torch.sqrt(centred.var(0) + 1e-4)).mean() / 2
        covariance = covariance + off_diagonal(centred.T @ centred / (len(view) - 1)).pow(2).sum() / view.shape[1]
    return 25 * invariance + 25 * variance + covariance


def predictions(x):
    p = x.params

    def predict(view):
        hidden = F.batch_norm(view @ p["inner"], None, None, p["scale"], p["offset"], training=True)
        return F.relu(hidden) @ p["outer"] + p["bias"]
    return [predict(view) for view in x.views]


def sim_siam(x):
    p1, p2 = predictions(x)
    z1, z2 = x.views
    return -(F.cosine_similarity(p1, z2.detach()).mean() + F.cosine_similarity(p2, z1.detach()).mean()) / 2


def byol(x):
    p1, p2 = predictions(x)
    z1, z2 = x.targets

    def apart(p, z):
        return (2 - 2 * (F.normalize(p) * F.normalize(z)).sum(1)).mean()
    return apart(p1, z2) + apart(p2, z1)


# ── classification and distillation, each the mean over the views ──

def cross_entropy(x):
    return sum(F.cross_entropy(view, x.labels) for view in x.views) / len(x.views)


def each_view(loss):
    return lambda x: sum(loss(s, t) for s, t in zip(x.views, x.teacher)) / len(x.views)


def kd(s, t, temperature=4):
    return F.kl_div(F.log_softmax(s / temperature, 1), F.softmax(t / temperature, 1), reduction="sum") * temperature ** 2 / len(s)


def attention(f):
    return F.normalize(f.pow(2).mean(1).view(len(f), -1))


def at(s, t):
    return (attention(s) - attention(t)).pow(2).mean()


def ft(s, t):
    return (attention(s) - attention(t)).abs().mean()


def sp(s, t):
    return (F.normalize(t @ t.T) - F.normalize(s @ s.T)).pow(2).sum() / len(s) ** 2


def cc(s, t):
    delta = (s - t).abs()
    return (delta[:-1] * delta[1:]).sum(1).mean()


def vid(x):
    p = x.params
    variance = torch.log(1 + torch.exp(p["logScale"])) + 1e-5
    variance = variance.view(1, -1, 1, 1)
    loss = 0
    for s, t in zip(x.views, x.teacher):
        mean = s
        for layer in range(3):
            mean = F.conv2d(mean if layer == 0 else F.relu(mean), p["weights.%d" % layer].T[:, :, None, None])
        loss = loss + (0.5 * ((mean - t) ** 2 / variance + torch.log(variance))).mean()
    return loss / len(x.views)


def pdist(e):
    square = e.pow(2).sum(1)
    result = (square.unsqueeze(1) + square.unsqueeze(0) - 2 * (e @ e.T)).clamp(min=1e-12).sqrt().clone()
    result[range(len(e)), range(len(e))] = 0
    return result


def rkd(s, t, w_distance=25, w_angle=50):
    with torch.no_grad():
        t_distance = pdist(t)
        t_distance = t_distance / t_distance[t_distance > 0].mean()
        td = F.normalize(t.unsqueeze(0) - t.unsqueeze(1), dim=2)
        t_angle = torch.bmm(td, td.transpose(1, 2)).view(-1)
    distance = pdist(s)
    distance = distance / distance[distance > 0].mean()
    sd = F.normalize(s.unsqueeze(0) - s.unsqueeze(1), dim=2)
    s_angle = torch.bmm(sd, sd.transpose(1, 2)).view(-1)
    return w_distance * F.smooth_l1_loss(distance, t_distance) + w_angle * F.smooth_l1_loss(s_angle, t_angle)


def pkt(s, t, eps=1e-7):
    def likeness(f):
        f = F.normalize(f)
        similarity = (f @ f.T + 1) / 2
        return similarity / similarity.sum(1, keepdim=True)
    p_s, p_t = likeness(s), likeness(t)
    return (p_t * torch.log((p_t + eps) / (p_s + eps))).mean()


def ab(s, t, margin=1.0):
    cost = (s + margin).pow(2) * ((s > -margin) & (t <= 0)).float() + (s - margin).pow(2) * ((s <= margin) & (t > 0)).float()
    return cost.sum() * 3 / 1000 / len(s)


def nst(s, t):
    s, t = (F.normalize(f.view(f.shape[0], f.shape[1], -1), dim=2) for f in (s, t))

    def kernel(a, b):
        return torch.bmm(a, b.transpose(1, 2)).pow(2).mean()
    return kernel(t, t) + kernel(s, s) - 2 * kernel(s, t)


def fsp(x):
    def flow(bottom, top):
        bottom, top = (f.view(f.shape[0], f.shape[1], -1) for f in (bottom, top))
        return torch.bmm(bottom, top.transpose(1, 2)) / bottom.shape[2]
    return (flow(*x.views) - flow(*x.teacher)).pow(2).mean()


def projected(x):
    p = x.params
    rows = [torch.cat(x.views), torch.cat(x.teacher)]
    return [F.normalize(F.linear(r, p[side + ".weights"].T, p[side + ".bias"])) for r, side in zip(rows, ("student", "teacher"))]


def crd(x, negatives=256, temperature=0.07, momentum=0.5, eps=1e-7):
    s, t = projected(x)
    indices = x.indices.repeat(2)
    n, batch = len(x.memory["banks.student"]), len(s)
    contrast = torch.randint(n, (batch, negatives + 1))
    contrast[:, 0] = indices
    noise = negatives / n
    loss = 0
    for anchor, bank, z in ((s, x.memory["banks.teacher"], "student"), (t, x.memory["banks.student"], "teacher")):
        weight = torch.index_select(bank, 0, contrast.view(-1)).detach().view(batch, negatives + 1, -1)
        score = torch.exp(torch.bmm(weight, anchor.unsqueeze(2)).squeeze(2) / temperature) / torch.exp(x.memory["logNormalisers." + z])
        positive = torch.log(score[:, 0] / (score[:, 0] + noise + eps))
        negative = torch.log(noise / (score[:, 1:] + noise + eps))
        loss = loss - (positive.sum() + negative.sum()) / batch
    with torch.no_grad():
        for bank, rows in ((x.memory["banks.student"], s), (x.memory["banks.teacher"], t)):
            bank.index_copy_(0, indices, F.normalize(bank[indices] * momentum + rows * (1 - momentum)))
    return loss


def both_ways(s, t, students, teachers, temperature):
    labels = torch.arange(len(s))
    return (F.cross_entropy(s @ teachers.T / temperature, labels) + F.cross_entropy(t @ students.T / temperature, labels)) / 2


def crd_in_batch(x):
    s, t = projected(x)
    return both_ways(s, t, s, t, 0.1)


def crd_queue(x):
    s, t = projected(x)
    students, teachers = x.memory["student.rows"], x.memory["teacher.rows"]
    loss = both_ways(s, t, torch.cat([s, students]), torch.cat([t, teachers]), 0.07)
    enqueue(students, s)
    enqueue(teachers, t)
    return loss


LOSSES = {
    "ntXent": all_views(nt_xent), "infoNCE": info_nce, "moco": moco, "dcl": dcl, "debiased": debiased,
    "hardNegatives": hard_negatives, "supCon": sup_con, "supCon in": sup_con_in,
    "cacr": cacr, "cacrMomentum": cacr_momentum, "cacrQueue": cacr_queue,
    "barlowTwins": barlow_twins, "vicReg": vic_reg, "simSiam": sim_siam, "byol": byol,
    "crossEntropy": cross_entropy, "kd": each_view(kd), "fitNet": each_view(F.mse_loss), "at": each_view(at), "sp": each_view(sp),
    "cc": each_view(cc), "vid": vid, "rkd": each_view(rkd), "pkt": each_view(pkt), "ab": each_view(ab), "ft": each_view(ft),
    "nst": each_view(nst), "fsp": fsp, "crd": crd, "crdInBatch": crd_in_batch, "crdQueue": crd_queue,
}


class Problem:
    """The inputs of a loss, by where they come from."""

    def __init__(self, loss, inputs):
        self.loss = loss
        self.wanted = [tensor.requires_grad_() for name, tensor in inputs.items() if name.split(".")[0] in ("views", "params")]
        several = {"views": [], "teacher": [], "targets": []}
        self.params, self.memory = {}, {}
        for name, tensor in inputs.items():
            source, _, rest = name.partition(".")
            if source in several:
                several[source].append(tensor)
            elif source in ("params", "memory"):
                getattr(self, source)[rest] = tensor
            else:
                setattr(self, source, tensor.long())
        self.views, self.teacher, self.targets = several.values()

    def step(self):
        for tensor in self.wanted:
            tensor.grad = None
        loss = self.loss(self)
        loss.backward()
        return loss


def load(name, inputs):
    problem = Problem(LOSSES[name], inputs)
    loss = problem.step()
    square = sum(float(tensor.grad.double().pow(2).sum()) for tensor in problem.wanted if tensor.grad is not None)
    return problem.step, {"loss": float(loss), "gradientLength": square ** 0.5}


if __name__ == "__main__":
    serve(LOSSES, load)
