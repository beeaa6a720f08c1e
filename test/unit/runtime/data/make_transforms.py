#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes transforms.golden: what torchvision makes of small pictures, for TransformTest.cpp. Needs torchvision and Pillow.

    python3 make_transforms.py > transforms.golden

Each case is a line `CHANNELS HEIGHT WIDTH TEXT`, where TEXT is the transforms as Python evaluates them and as ntc parses them, and
a line `bytes C H W HEX` or `floats C H W VALUE…` with the result.
"""
import numpy
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import autoaugment, v2
from torchvision.transforms.functional import InterpolationMode

NAMES = {name: getattr(transforms, name) for name in dir(transforms) if name[0].isupper()}
NAMES.update(nearest=InterpolationMode.NEAREST, bilinear=InterpolationMode.BILINEAR, nearest_exact=InterpolationMode.NEAREST_EXACT,
             edge="edge", reflect="reflect", symmetric="symmetric", constant="constant", v2=v2, torch=torch)


def augment(op, magnitude):
    """One operation of RandAugment."""
    return lambda image: autoaugment._apply_op(image, op, magnitude, InterpolationMode.NEAREST, None)


CASES = [
    (3, 21, 30, "Resize(8)"),
    (3, 30, 21, "Resize(8)"),
    (1, 28, 28, "Resize((9,14))"),
    (3, 7, 5, "Resize((12,9))"),
    (3, 40, 17, "Resize((40,8))"),
    (3, 17, 40, "Resize((6,40),max_size=None)"),
    (3, 33, 50, "Resize(12,max_size=15)"),
    (3, 64, 64, "Resize((11,13),interpolation=nearest)"),
    (3, 7, 9, "Resize((16,10),interpolation=nearest)"),
    (3, 21, 30, "ToTensor(),Resize((8,10))"),
    (1, 9, 9, "ToTensor(),Resize((12,12),interpolation=nearest)"),
    (3, 56, 34, "Resize((42,40),interpolation=nearest)"),
    (1, 14, 30, "ToTensor(),Resize((46,22),interpolation=nearest)"),
    (3, 12, 14, "CenterCrop(7)"),
    (3, 11, 14, "CenterCrop((8,5))"),
    (1, 5, 6, "CenterCrop((9,3))"),
    (3, 6, 7, "Pad(2)"),
    (3, 6, 7, "Pad((1,2),fill=9)"),
    (3, 6, 7, "Pad((1,2,3,4),padding_mode=edge)"),
    (3, 6, 7, "Pad((3,2),padding_mode=reflect)"),
    (3, 6, 7, "Pad((1,2,3,0),padding_mode=symmetric)"),
    (3, 8, 9, "RandomHorizontalFlip(p=1)"),
    (3, 8, 9, "RandomVerticalFlip(1.0)"),
    (3, 16, 19, "RandomRotation((30,30))"),
    (3, 16, 19, "RandomRotation((-77.5,-77.5),fill=100)"),
    (3, 16, 19, "RandomRotation((123,123),interpolation=bilinear)"),
    (3, 12, 12, "RandomRotation((90,90))"),
    (3, 12, 12, "RandomRotation((270,270))"),
    (3, 12, 10, "RandomRotation((180,180))"),
    (3, 12, 10, "RandomRotation((90,90))"),
    (3, 6, 7, "RandomCrop((10,11),padding=2)"),
    (3, 6, 7, "RandomCrop((8,11),padding=(2,1),padding_mode=reflect)"),
    (3, 14, 14, "RandomResizedCrop((6,9),scale=(1,1),ratio=(1,1))"),
    (3, 20, 16, "RandomResizedCrop(7,scale=(1,1),ratio=(2,2))"),
    (3, 12, 31, "RandomResizedCrop(7,scale=(1,1),ratio=(0.5,0.5))"),
    (3, 9, 8, "RandomGrayscale(p=1)"),
    (3, 18, 15, "RandomAffine((20,20))"),
    (3, 18, 15, "RandomAffine((-15,-15),scale=(1.3,1.3),shear=(8,8))"),
    (3, 18, 15, "RandomAffine((0,0),scale=(0.75,0.75))"),
    (3, 18, 15, "RandomAffine((10,10),scale=(0.8,0.8),shear=(5,5,-12,-12),interpolation=bilinear,fill=50)"),
    (3, 16, 19, "RandomRotation((30,30),center=(4,11),fill=(200,10,90))"),
    (3, 12, 12, "RandomRotation((90,90),center=(3,5))"),
    (3, 16, 19, "RandomRotation((-50,-50),interpolation=2,center=(9.5,2),fill=(1,2,3))"),
    (3, 18, 15, "RandomAffine((20,20),scale=(1.2,1.2),shear=(8,8),fill=(1,2,3),center=(2,12))"),
    (3, 18, 15, "RandomAffine((10,10),interpolation=bilinear,center=(0,0),fill=(250,0,100))"),
    (3, 6, 7, "Pad((1,2),fill=(9,100,200))"),
    (3, 6, 7, "RandomCrop((10,11),padding=2,fill=(1,2,3))"),
    (3, 64, 64, "Resize((11,13),interpolation=nearest_exact)"),
    (3, 6, 5, "v2.ToImage(),v2.ToDtype(torch.uint8,scale=True),v2.ToDtype(torch.float32,scale=True)"),
    (3, 6, 5, "PILToTensor(),ConvertImageDtype(torch.float),Normalize((0.5,),(0.25,))"),
    (3, 9, 8, "ColorJitter(brightness=(0.6,0.6))"),
    (3, 9, 8, "ColorJitter(brightness=(1.7,1.7))"),
    (3, 9, 8, "ColorJitter(contrast=(0.3,0.3))"),
    (3, 9, 8, "ColorJitter(contrast=(1.9,1.9))"),
    (1, 9, 8, "ColorJitter(contrast=(1.4,1.4))"),
    (3, 9, 8, "ColorJitter(saturation=(0.2,0.2))"),
    (3, 9, 8, "ColorJitter(saturation=(2.5,2.5))"),
    (3, 9, 8, "ColorJitter(hue=(0.1,0.1))"),
    (3, 9, 8, "ColorJitter(hue=(-0.35,-0.35))"),
    (3, 9, 8, "ColorJitter(hue=(0,0))"),
    (3, 9, 8, "Grayscale()"),
    (3, 9, 8, "Grayscale(3)"),
    (3, 14, 13, "GaussianBlur(3,sigma=(1.0,1.0))"),
    (3, 14, 13, "GaussianBlur((7,5),sigma=(2.2,2.2))"),
    (3, 6, 5, "ToTensor()"),
    (3, 6, 5, "ToTensor(),Normalize((0.485,0.456,0.406),(0.229,0.224,0.225))"),
    (1, 6, 5, "ToTensor(),Normalize((0.2860,),(0.3530,))"),
    (3, 6, 5, "ToTensor(),RandomErasing(p=0)"),
    (3, 20, 20, "augment('ShearX',0.21)"),
    (3, 20, 20, "augment('ShearY',-0.3)"),
    (3, 20, 20, "augment('TranslateX',3.7)"),
    (3, 20, 20, "augment('TranslateY',-5.2)"),
    (3, 20, 20, "augment('Rotate',-14.0)"),
    (3, 12, 11, "augment('Brightness',-0.45)"),
    (3, 12, 11, "augment('Color',0.81)"),
    (3, 12, 11, "augment('Contrast',-0.27)"),
    (3, 12, 11, "augment('Sharpness',0.9)"),
    (3, 12, 11, "augment('Sharpness',-0.63)"),
    (3, 12, 11, "augment('Posterize',5)"),
    (3, 12, 11, "augment('Solarize',178.5)"),
    (3, 12, 11, "augment('AutoContrast',0.0)"),
    (3, 23, 31, "augment('Equalize',0.0)"),
]


def picture(channels, height, width):
    """The same numbers as in TransformTest.cpp."""
    c, y, x = numpy.meshgrid(range(channels), range(height), range(width), indexing="ij")
    values = (c * 57 + y * 11 + x * 6 + (x * y * 7 + c * x * 5) % 53) % 224 + 16
    return Image.fromarray(values.astype(numpy.uint8).transpose(1, 2, 0).squeeze())


def main():
    for channels, height, width, text in CASES:
        steps = eval(f"[{text}]", {**NAMES, "augment": augment})
        result = picture(channels, height, width)
        for step in steps:
            result = step(result)
        print(channels, height, width, text)
        if isinstance(result, torch.Tensor):
            print("floats", *result.shape, *(f"{value:.8g}" for value in result.flatten().tolist()))
        else:
            values = numpy.atleast_3d(numpy.asarray(result)).transpose(2, 0, 1)
            print("bytes", *values.shape, values.tobytes().hex())


if __name__ == "__main__":
    main()
