# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A perceptron of 784, 128 and 10 values on MNIST, in PyTorch: what mnist_mlp.md does with ntc."""
import os

import torch
from torch import nn
from torch.utils.data import DataLoader, random_split
from torchvision import datasets, transforms

torch.manual_seed(int(os.environ.get("SEED", "1")))
whole = datasets.MNIST(os.environ["TORCHVISION_ROOT"], train=True, transform=transforms.ToTensor())
train, val = random_split(whole, [50000, 10000])
train_loader = DataLoader(train, batch_size=32, shuffle=True)
val_loader = DataLoader(val, batch_size=32)

model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(5):
    model.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        criterion(model(images), labels).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        correct = sum((model(images).argmax(1) == labels).sum().item() for images, labels in val_loader)
    print(f"epoch {epoch + 1} val_accuracy {correct / len(val):.4f}", flush=True)
