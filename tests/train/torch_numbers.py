# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch's numbers for the tests of losses, optimisers and schedules.

    /usr/bin/python3 tests/train/torch_numbers.py > tests/train/torch_numbers.h

Needed only to make that file anew; no test runs it.
"""
import torch

torch.set_num_threads(1)
WEIGHTS, BIASES, STEPS = 6, 3, 10


def start(count, shift):
    return [((5 * i + shift) % 7 - 3) / 4 for i in range(count)]


def gradient(step, count, shift):
    return [((7 * step + 3 * i + shift) % 11 - 5) / 8 for i in range(count)]


def numbers(values):
    return "{" + ", ".join(repr(float(v)) for v in values) + "}"


def trained(real, make, norm_decay=None, clip=0.0):
    weight = torch.nn.Parameter(torch.tensor(start(WEIGHTS, 1), dtype=real))
    bias = torch.nn.Parameter(torch.tensor(start(BIASES, 2), dtype=real))
    groups = [{"params": [weight]}, {"params": [bias]}]
    if norm_decay is not None:
        groups[1]["weight_decay"] = norm_decay
    optimizer = make(groups)
    for step in range(STEPS):
        weight.grad = torch.tensor(gradient(step, WEIGHTS, 0), dtype=real)
        bias.grad = torch.tensor(gradient(step, BIASES, 4), dtype=real)
        if clip > 0:
            torch.nn.utils.clip_grad_norm_([weight, bias], clip)
        for group in optimizer.param_groups:
            group["lr"] = 0.1 / (1 + step)
        optimizer.step()
    return weight.detach().tolist() + bias.detach().tolist()


def sgd(**options):
    return lambda groups: torch.optim.SGD(groups, lr=0.1, **options)


def adamw(**options):
    return lambda groups: torch.optim.AdamW(groups, lr=0.1, **options)


OPTIMIZERS = [
    ("sgd", "{.kind = OPTIMIZER_SGD, .momentum = 0, .norm_decay = -1, %s}", sgd(), {}),
    ("sgd with momentum and decay", "{.kind = OPTIMIZER_SGD, .momentum = 0.9, .decay = 0.01, .norm_decay = -1, %s}",
     sgd(momentum=0.9, weight_decay=0.01), {}),
    ("sgd with Nesterov's momentum",
     "{.kind = OPTIMIZER_SGD, .momentum = 0.8, .nesterov = true, .decay = 0.02, .norm_decay = -1, %s}",
     sgd(momentum=0.8, weight_decay=0.02, nesterov=True), {}),
    ("sgd without decay of biases",
     "{.kind = OPTIMIZER_SGD, .momentum = 0.9, .decay = 0.05, .norm_decay = 0, %s}",
     sgd(momentum=0.9, weight_decay=0.05), {"norm_decay": 0.0}),
    ("sgd with clipping", "{.kind = OPTIMIZER_SGD, .momentum = 0.9, .norm_decay = -1, .clip = 0.75, %s}",
     sgd(momentum=0.9), {"clip": 0.75}),
    ("adamw", "{.kind = OPTIMIZER_ADAMW, .decay = 0.01, .norm_decay = -1, %s}", adamw(), {}),
    ("adamw with two decays and clipping",
     "{.kind = OPTIMIZER_ADAMW, .decay = 0.1, .norm_decay = 0.02, .clip = 1, %s}",
     adamw(weight_decay=0.1), {"norm_decay": 0.02, "clip": 1.0}),
]
REST = ".beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8"


def print_optimizers():
    print("enum { TORCH_WEIGHTS = %d, TORCH_BIASES = %d, TORCH_STEPS = %d };" % (WEIGHTS, BIASES, STEPS))
    print("static const struct {\n    const char *name;\n    struct optimizer_options options;")
    print("    double in_double[9], in_float[9]; /* weights, then biases */\n} torch_optimizers[] = {")
    for name, options, make, rest in OPTIMIZERS:
        print('{"%s", %s, %s, %s},' % (name, options % REST, numbers(trained(torch.float64, make, **rest)),
                                      numbers(trained(torch.float32, make, **rest))))
    print("};\n")


def print_loss(name, smoothing, weight, temperature, logits, teacher, labels):
    student = torch.tensor(logits, dtype=torch.float64).requires_grad_()
    guide = torch.tensor(teacher, dtype=torch.float64)
    target = torch.tensor(labels)
    kept = target >= 0
    # classes x pixels to labelled pixels x classes
    s, t = student.t()[kept], guide.t()[kept]
    hard = torch.nn.functional.cross_entropy(s, target[kept], label_smoothing=smoothing)
    soft = torch.nn.functional.kl_div(torch.log_softmax(s / temperature, 1), torch.log_softmax(t / temperature, 1),
                                      reduction="batchmean", log_target=True)
    loss = weight * temperature ** 2 * soft + (1 - weight) * hard
    loss.backward()
    print('{"%s", {%r, %r, %r}, %d, %d, %s, %r, %s},' % (
        name, smoothing, weight, temperature, student.shape[0], student.shape[1],
        "{" + ", ".join(map(str, labels)) + "}", loss.item(), numbers(student.grad.flatten().tolist())))


def print_losses():
    image = [[2.5], [-1.0], [0.25], [4.0], [-3.5]]
    guide = [[1.0], [0.5], [3.0], [2.0], [-2.0]]
    pixels = [[((11 * c + 5 * p) % 13 - 6) / 2 for p in range(4)] for c in range(3)]
    guides = [[((7 * c + 3 * p) % 11 - 5) / 2 for p in range(4)] for c in range(3)]
    for name, values in ("image_logits", image), ("guide", guide), ("pixels", pixels), ("guides", guides):
        print("static const double torch_%s[] = %s;" % (name, numbers(v for row in values for v in row)))
    print("static const struct {\n    const char *name;\n    struct objective objective;")
    print("    int classes, pixels;\n    int64_t labels[4];\n    double loss, gradient[12];\n} torch_losses[] = {")
    for smoothing, weight, temperature in (0.0, 0.0, 4.0), (0.1, 0.0, 4.0), (0.0, 0.7, 3.0), (0.2, 0.5, 2.0), (0.0, 1.0, 4.0):
        print_loss("image", smoothing, weight, temperature, image, guide, [2])
        print_loss("map", smoothing, weight, temperature, pixels, guides, [1, -1, 0, 2])
    print("};\n")


def rates(make, count):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.2)
    scheduler = make(optimizer, torch.optim.lr_scheduler)
    found = []
    for _ in range(count):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def warm(unit, make):
    def both(o, s):
        return s.SequentialLR(o, [s.LinearLR(o, start_factor=0.05, total_iters=2 * unit), make(o, s)], [2 * unit])
    return both


def print_schedules():
    """8 epochs of 3 steps; unit: calls of the scheduler in an epoch."""
    cases = []
    for unit in 1, 3:
        rows = [
            ("constant", "", 0, lambda o, s: s.ConstantLR(o, factor=1.0)),
            ("step", ".period = 3, .factor = 0.5", 0, lambda o, s: s.StepLR(o, 3 * unit, gamma=0.5)),
            ("multistep", ".milestones = {2, 5, 6}, .milestone_count = 3, .factor = 0.1", 0,
             lambda o, s: s.MultiStepLR(o, [2 * unit, 5 * unit, 6 * unit], gamma=0.1)),
            ("cosine", ".least = 0.01", 0, lambda o, s: s.CosineAnnealingLR(o, 8 * unit, eta_min=0.01)),
            ("cosine", ".least = 0.01", 2, warm(unit, lambda o, s: s.CosineAnnealingLR(o, 6 * unit, eta_min=0.01))),
            # our milestones count from the start
            ("multistep", ".milestones = {4, 6}, .milestone_count = 2, .factor = 0.1", 2,
             warm(unit, lambda o, s: s.MultiStepLR(o, [2 * unit, 4 * unit], gamma=0.1))),
        ]
        for kind, settings, warmup, make in rows:
            found = rates(make, 8 * unit)
            if unit == 1:
                found = [rate for rate in found for _ in range(3)]
            rest = ".factor = 0.1, " if ".factor" not in settings else ""
            rest += ".period = 30, " if ".period" not in settings else ""
            cases.append("{{.kind = SCHEDULE_%s, .rate = 0.2, %s%s%s.warmup = %d, .warmup_start = 0.05, .by_epoch = %s}, %s}," % (
                kind.upper(), rest, settings, ", " if settings else "", warmup, "true" if unit == 1 else "false",
                numbers(found)))
    print("static const struct {\n    struct schedule schedule;")
    print("    double rates[24]; /* 8 epochs of 3 steps */\n} torch_schedules[] = {")
    print("\n".join(cases))
    print("};\n")


print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
print("/* PyTorch's numbers (%s), made by torch_numbers.py. */" % torch.__version__)
print("#ifndef IPPRO_TESTS_TRAIN_TORCH_NUMBERS_H\n#define IPPRO_TESTS_TRAIN_TORCH_NUMBERS_H\n")
print('#include "train/loss.h"\n#include "train/optimizer.h"\n#include "train/schedule.h"\n')
print_optimizers()
print_losses()
print_schedules()
print("#endif")
