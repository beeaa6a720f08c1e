#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes distributions.golden: how torchvision's random transforms scatter, for DistributionTest.cpp. Needs torchvision, Pillow.

    python3 make_distributions.py > distributions.golden

Each case is a line `CHANNELS HEIGHT WIDTH TEXT`, then for each of two numbers that tell results apart (their mean; a sum with
weights of both signs, which depends on places and channels) a line of pairs THRESHOLD:SHARE, where SHARE of 20,000 results lie
below THRESHOLD. Thresholds lie in gaps between results, so that a rounding moves none across.
"""
import numpy
import torch
from make_transforms import NAMES, picture
from torchvision.transforms import v2

DRAWS, QUANTILES = 20000, 24

CASES = [
    (3, 12, 10, "ColorJitter(brightness=0.5)"),
    (3, 12, 10, "ColorJitter(contrast=0.6)"),
    (3, 12, 10, "ColorJitter(saturation=0.9)"),
    (3, 12, 10, "ColorJitter(hue=0.3)"),
    (3, 12, 10, "ColorJitter(0.4,0.4,0.4,0.1)"),
    (3, 12, 10, "ColorJitter(brightness=(0.2,1.6),contrast=(0.5,2.5),saturation=(0,3),hue=(-0.1,0.4))"),
    (3, 16, 19, "RandomRotation(45)"),
    (3, 16, 19, "RandomRotation((10,80),interpolation=bilinear,fill=200)"),
    (3, 18, 15, "RandomAffine(30,translate=(0.2,0.1),scale=(0.7,1.4),shear=(-10,10,-20,5))"),
    (3, 18, 15, "RandomAffine(0,translate=(0.3,0.25))"),
    (3, 18, 15, "RandomAffine((5,15),shear=20,interpolation=bilinear,fill=90)"),
    (3, 14, 13, "GaussianBlur(5)"),
    (3, 14, 13, "GaussianBlur((7,3),sigma=(0.4,3))"),
    (3, 9, 8, "RandomGrayscale()"),
    (3, 9, 8, "RandomGrayscale(p=0.35)"),
    (3, 24, 20, "RandomResizedCrop(8)"),
    (3, 16, 30, "RandomResizedCrop((6,9),scale=(0.3,0.9),ratio=(0.5,3),interpolation=nearest)"),
    (3, 12, 14, "RandomCrop(9)"),
    (3, 10, 9, "RandomCrop((10,9),padding=3)"),
    (3, 10, 9, "RandomCrop(8,padding=(1,2,3,0),padding_mode=reflect)"),
    (3, 7, 9, "RandomCrop(10,pad_if_needed=True,fill=7)"),
    (3, 8, 9, "RandomHorizontalFlip()"),
    (3, 8, 9, "RandomVerticalFlip(p=0.3)"),
    (3, 16, 16, "ToTensor(),RandomErasing()"),
    (3, 16, 16, "ToTensor(),RandomErasing(p=0.8,scale=(0.1,0.5),ratio=(0.5,4),value=2)"),
    (3, 16, 16, "ToTensor(),RandomErasing(p=1,value='random')"),
    (3, 16, 18, "RandAugment()"),
    (3, 16, 18, "RandAugment(num_ops=3,magnitude=20)"),
    (3, 8, 8, "MixUp(alpha=0.4)"),
    (3, 8, 8, "MixUp()"),
    (3, 8, 8, "CutMix()"),
    (3, 8, 8, "CutMix(alpha=3.0)"),
]


def weights(count):
    return (numpy.arange(count) * 7919 % 1000) / 500 - 1


def values_of(image):
    if isinstance(image, torch.Tensor):
        return image.double().flatten().numpy()
    return numpy.atleast_3d(numpy.asarray(image)).transpose(2, 0, 1).flatten().astype(float)


def batch():
    """Two pictures of 3x8x8 with labels 0 and 1, as in DistributionTest.cpp."""
    values = (numpy.arange(2)[:, None] * 37 + numpy.arange(192) * 5) % 256
    return torch.tensor(values / 255, dtype=torch.float32).reshape(2, 3, 8, 8), torch.tensor([0, 1])


def results(channels, height, width, text):
    if text.startswith(("MixUp", "CutMix")):
        images, labels = batch()
        mix = eval(text.replace("(", "(num_classes=5,", 1), {"MixUp": v2.MixUp, "CutMix": v2.CutMix})
        for _ in range(DRAWS):
            yield mix(images, labels)[0][0]
        return
    steps = eval(f"[{text}]", NAMES)
    plain = picture(channels, height, width)
    for _ in range(DRAWS):
        result = plain
        for step in steps:
            result = step(result)
        yield result


def line(found):
    """THRESHOLD:SHARE near every quantile: the middle of the widest gap within half a percent of the draws."""
    found, pairs = numpy.sort(found), {}
    reach = DRAWS // 200
    for i in range(1, QUANTILES):
        at = DRAWS * i // QUANTILES
        gaps = numpy.diff(found[at - reach:at + reach])
        best = at - reach + int(gaps.argmax())
        if gaps.max() > 0:
            pairs[float((found[best] + found[best + 1]) / 2)] = (best + 1) / DRAWS
    # Results of few kinds have their gaps elsewhere: every gap that holds more than a hundredth on both sides.
    kinds, counts = numpy.unique(found.round(6), return_counts=True)
    if len(kinds) <= 12:
        below = numpy.cumsum(counts)[:-1]
        pairs = {float((a + b) / 2): n / DRAWS for a, b, n in zip(kinds, kinds[1:], below)}
    return " ".join(f"{threshold:.10g}:{share:.5g}" for threshold, share in sorted(pairs.items()))


def main():
    for case in CASES:
        torch.manual_seed(2)
        values = numpy.array([values_of(result) for result in results(*case)])
        print(*case)
        print(line(values.mean(axis=1)))
        print(line((values * weights(values.shape[1])).sum(axis=1)))


if __name__ == "__main__":
    main()
