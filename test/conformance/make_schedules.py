# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Steps PyTorch's learning-rate schedulers and stores what SchedulerTest.cpp compares with.

    VENV/bin/python test/conformance/make_schedules.py [--out test/conformance/goldens/schedules.safetensors]

One tensor per case, named by the schedule's text. Rows are the times 0 to 200 (PyTorch's scheduler.step() between them),
columns the learning rates of the parameter groups 0.1 and 0.02, then the momentum of the first group where the schedule
cycles it. ReduceLROnPlateau observes the sequence of
`metric`.
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
STEPS = 200
HERE = pathlib.Path(__file__).resolve().parent


def metric(step):
    """Falls, stalls, jumps; the same in SchedulerTest.cpp. Every operation is exact or correctly rounded."""
    return 2.0 / (1.0 + step // 7) + ((step * 37) % 11) * 0.03125 - (8.0 if step == 90 else 0.0)


FACTORS = [1.0, 0.9, 0.75, 0.5, 0.625, 0.3, 0.2]
TABLE = ":".join(map(str, FACTORS))


def cases(s):
    """Text -> constructor from an optimizer."""
    table = lambda e: FACTORS[min(e, len(FACTORS) - 1)]
    out = {
        "none": lambda o: None,
        "constant": lambda o: s.ConstantLR(o),
        "constant,factor=0.25,total_iters=17": lambda o: s.ConstantLR(o, 0.25, 17),
        "linear": lambda o: s.LinearLR(o),
        "linear,start_factor=0.05,end_factor=0.9,total_iters=40": lambda o: s.LinearLR(o, 0.05, 0.9, 40),
        "linear,start_factor=1,end_factor=0,total_iters=150": lambda o: s.LinearLR(o, 1.0, 0.0, 150),
        f"lambda,factors={TABLE}": lambda o: s.LambdaLR(o, table),
        f"multiplicative,factors={TABLE}:0.99": lambda o: s.MultiplicativeLR(o, lambda e: (FACTORS + [0.99])[min(e, 7)]),
        "step,step_size=30": lambda o: s.StepLR(o, 30),
        "step,step_size=7,gamma=0.7": lambda o: s.StepLR(o, 7, 0.7),
        "multistep,milestones=30:80": lambda o: s.MultiStepLR(o, [30, 80]),
        "multistep,milestones=1:2:150,gamma=0.5": lambda o: s.MultiStepLR(o, [1, 2, 150], 0.5),
        "exponential,gamma=0.97": lambda o: s.ExponentialLR(o, 0.97),
        "polynomial": lambda o: s.PolynomialLR(o),
        "polynomial,total_iters=120,power=2.5": lambda o: s.PolynomialLR(o, 120, 2.5),
        "cosine,t_max=200": lambda o: s.CosineAnnealingLR(o, 200),
        "cosine,t_max=23,eta_min=0.003": lambda o: s.CosineAnnealingLR(o, 23, 0.003),
        "cosine_restarts,t_0=10": lambda o: s.CosineAnnealingWarmRestarts(o, 10),
        "cosine_restarts,t_0=9,t_mult=2,eta_min=0.001": lambda o: s.CosineAnnealingWarmRestarts(o, 9, 2, 0.001),
        "onecycle,max_lr=0.4,total_steps=201": lambda o: s.OneCycleLR(o, 0.4, total_steps=201),
        "onecycle,max_lr=0.4,total_steps=240,pct_start=0.25,anneal_strategy=linear,base_momentum=0.7,max_momentum=0.99,"
        "div_factor=10,final_div_factor=100,three_phase=true": lambda o: s.OneCycleLR(
            o, 0.4, total_steps=240, pct_start=0.25, anneal_strategy="linear", base_momentum=0.7, max_momentum=0.99,
            div_factor=10.0, final_div_factor=100.0, three_phase=True),
        "onecycle,max_lr=0.4,total_steps=230,three_phase=true,cycle_momentum=false": lambda o: s.OneCycleLR(
            o, 0.4, total_steps=230, three_phase=True, cycle_momentum=False),
        "cyclic,base_lr=0.01,max_lr=0.2,step_size_up=20": lambda o: s.CyclicLR(o, 0.01, 0.2, step_size_up=20),
        "cyclic,base_lr=0.01,max_lr=0.2,step_size_up=13,step_size_down=29,mode=triangular2,base_momentum=0.6,"
        "max_momentum=0.95": lambda o: s.CyclicLR(o, 0.01, 0.2, step_size_up=13, step_size_down=29, mode="triangular2",
                                                  base_momentum=0.6, max_momentum=0.95),
        "cyclic,base_lr=0.01,max_lr=0.2,step_size_up=16,mode=exp_range,gamma=0.99,cycle_momentum=false": lambda o: s.CyclicLR(
            o, 0.01, 0.2, step_size_up=16, mode="exp_range", gamma=0.99, cycle_momentum=False),
        "plateau": lambda o: s.ReduceLROnPlateau(o),
        "plateau,factor=0.5,patience=2,threshold=0.01,cooldown=3,min_lr=0.0005": lambda o: s.ReduceLROnPlateau(
            o, factor=0.5, patience=2, threshold=0.01, cooldown=3, min_lr=0.0005),
        "plateau,mode=max,factor=0.8,patience=0,threshold=0.05,threshold_mode=abs,eps=0.001": lambda o: s.ReduceLROnPlateau(
            o, mode="max", factor=0.8, patience=0, threshold=0.05, threshold_mode="abs", eps=0.001),
        "plateau,mode=max,factor=0.9,patience=1,threshold=0.2": lambda o: s.ReduceLROnPlateau(
            o, mode="max", factor=0.9, patience=1, threshold=0.2),
        "plateau,factor=0.9,patience=3,threshold=0.1,threshold_mode=abs": lambda o: s.ReduceLROnPlateau(
            o, factor=0.9, patience=3, threshold=0.1, threshold_mode="abs"),
        "plateau,factor=0.3,patience=1,threshold=0.02,min_lr=0.004:0.0001": lambda o: s.ReduceLROnPlateau(
            o, factor=0.3, patience=1, threshold=0.02, min_lr=[0.004, 0.0001]),
        "onecycle,max_lr=0.4:0.05,epochs=11,steps_per_epoch=19,base_momentum=0.8:0.6,max_momentum=0.9:0.95": lambda o: s.OneCycleLR(
            o, [0.4, 0.05], epochs=11, steps_per_epoch=19, base_momentum=[0.8, 0.6], max_momentum=[0.9, 0.95]),
        "cyclic,base_lr=0.01:0.002,max_lr=0.2:0.07,step_size_up=20,mode=triangular2,base_momentum=0.7:0.8": lambda o: s.CyclicLR(
            o, [0.01, 0.002], [0.2, 0.07], step_size_up=20, mode="triangular2", base_momentum=[0.7, 0.8], max_momentum=0.9),
        "chained(constant,factor=0.1,total_iters=20;exponential,gamma=0.98)": lambda o: s.ChainedScheduler(
            [s.ConstantLR(o, 0.1, 20), s.ExponentialLR(o, 0.98)]),
        "chained(linear,start_factor=0.1,total_iters=10;cosine,t_max=60,eta_min=0.001;step,step_size=50,gamma=0.5)":
            lambda o: s.ChainedScheduler([s.LinearLR(o, 0.1, total_iters=10), s.CosineAnnealingLR(o, 60, 0.001),
                                          s.StepLR(o, 50, 0.5)]),
        "sequential(constant,factor=0.1,total_iters=20;exponential,gamma=0.9),milestones=20": lambda o: s.SequentialLR(
            o, [s.ConstantLR(o, 0.1, 20), s.ExponentialLR(o, 0.9)], [20]),
        "sequential(linear,start_factor=0.01,total_iters=10;cosine,t_max=190),milestones=10": lambda o: s.SequentialLR(
            o, [s.LinearLR(o, 0.01, total_iters=10), s.CosineAnnealingLR(o, 190)], [10]),
        f"sequential(lambda,factors={TABLE};multistep,milestones=5:9,gamma=0.5;polynomial,total_iters=40,power=2;"
        f"cosine_restarts,t_0=11,t_mult=3),milestones=12:40:100": lambda o: s.SequentialLR(
            o, [s.LambdaLR(o, table), s.MultiStepLR(o, [5, 9], 0.5), s.PolynomialLR(o, 40, 2.0),
                s.CosineAnnealingWarmRestarts(o, 11, 3)], [12, 40, 100]),
        f"sequential(cosine_restarts,t_0=8;multiplicative,factors=0.9:0.95;step,step_size=4,gamma=0.6;"
        f"linear,total_iters=30),milestones=20:60:90": lambda o: s.SequentialLR(
            o, [s.CosineAnnealingWarmRestarts(o, 8), s.MultiplicativeLR(o, lambda e: [0.9, 0.95][min(e, 1)]),
                s.StepLR(o, 4, 0.6), s.LinearLR(o, total_iters=30)], [20, 60, 90]),
        "sequential(linear,start_factor=0.1,total_iters=5;onecycle,max_lr=0.3,total_steps=196),milestones=5":
            lambda o: s.SequentialLR(o, [s.LinearLR(o, 0.1, total_iters=5), s.OneCycleLR(o, 0.3, total_steps=196)], [5]),
    }
    return out


def trace(torch, make):
    """The rows of one case."""
    import numpy
    parameters = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": parameters[:1], "lr": 0.1}, {"params": parameters[1:], "lr": 0.02}], momentum=0.9)
    schedule = make(optimizer)
    rows = []
    for step in range(STEPS + 1):
        rows.append([group["lr"] for group in optimizer.param_groups] + [optimizer.param_groups[0]["momentum"]])
        optimizer.step()
        if isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            schedule.step(metric(step))
        elif schedule is not None and step < STEPS:
            schedule.step()
    table = numpy.array(rows, dtype=numpy.float64)
    return table if any(row[2] != 0.9 for row in rows) else table[:, :2]


def main():
    import warnings

    import torch
    from make_goldens import write_safetensors
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "goldens" / "schedules.safetensors")
    options = parser.parse_args()
    tables = {text: trace(torch, make) for text, make in cases(torch.optim.lr_scheduler).items()}
    write_safetensors(options.out, tables, {"torch": torch.__version__})
    print(f"{options.out}: {len(tables)} cases")


if __name__ == "__main__":
    main()
