# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The whole loop of a training tutorial on Fashion-MNIST, in PyTorch: what pipeline.md does with ntc."""
import os

import torch
from torch import nn
from torch.utils.data import ConcatDataset, DataLoader, Subset
from torch.utils.tensorboard import SummaryWriter
from torchvision import datasets, transforms

seed, folds, epochs = int(os.environ.get("SEED", "1")), 3, 4
torch.manual_seed(seed)
whole = datasets.FashionMNIST(os.environ["TORCHVISION_ROOT"], train=True, transform=transforms.ToTensor())


def network():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(0.2),
                          nn.Linear(256, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model


def train(fold, train_set, val_set):
    writer = SummaryWriter(f"{os.environ['WORK']}/fold-{fold}")
    model, criterion = network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    train_loader = DataLoader(train_set, batch_size=128, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=128)
    for epoch in range(epochs):
        model.train()
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        scheduler.step()
        model.eval()
        with torch.no_grad():
            correct = sum((model(images).argmax(1) == labels).sum().item() for images, labels in val_loader)
        writer.add_scalar("loss", loss.item(), epoch)
        writer.add_scalar("val_accuracy", correct / len(val_set), epoch)
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(),
                    "epoch": epoch}, f"{os.environ['WORK']}/fold-{fold}.pt")
        print(f"fold {fold} epoch {epoch + 1} val_accuracy {correct / len(val_set):.4f}", flush=True)
    return correct / len(val_set)


parts = [part.tolist() for part in torch.randperm(len(whole)).chunk(folds)]
values = []
for fold in range(folds):
    train_set = ConcatDataset([Subset(whole, part) for i, part in enumerate(parts) if i != fold])
    values.append(train(fold + 1, train_set, Subset(whole, parts[fold])))
print(f"mean val_accuracy {sum(values) / folds:.4f}")
