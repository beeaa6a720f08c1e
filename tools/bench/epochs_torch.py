# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole training scripts in PyTorch, for tools/bench/epochs: data set, DataLoader, model, epochs, validation.

usage: epochs_torch.py mlp|cnn|jpeg FOLDER EPOCHS WORKERS
"""
import sys

import torch
from torch import nn
from torch.utils.data import DataLoader, random_split
from torchvision import datasets, transforms


def main():
    kind, folder, epochs, workers = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.manual_seed(1)
    if kind == "jpeg":
        resize = transforms.Compose([transforms.Resize((64, 64)), transforms.ToTensor()])
        whole, held, batch = datasets.ImageFolder(folder, transform=resize), 200, 32
        model = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4),
                              nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4),
                              nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10))
    else:
        whole, held, batch = datasets.FashionMNIST(folder, train=True, transform=transforms.ToTensor()), 10000, 32
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
        if kind == "cnn":
            model = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
                                  nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5),
                                  nn.Linear(128, 10))
    train, val = random_split(whole, [len(whole) - held, held])
    train_loader = DataLoader(train, batch_size=batch, shuffle=True, num_workers=workers)
    val_loader = DataLoader(val, batch_size=batch, num_workers=workers)
    criterion, optimizer = nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        model.train()
        for images, labels in train_loader:
            optimizer.zero_grad()
            criterion(model(images), labels).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            correct = sum((model(images).argmax(1) == labels).sum().item() for images, labels in val_loader)
    print(f"val_accuracy {correct / held:.4f}")


if __name__ == "__main__":
    main()
