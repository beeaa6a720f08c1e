# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A convolutional network on augmented Fashion-MNIST, in PyTorch: what fashion_cnn.md does with ntc."""
import copy
import os

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

torch.manual_seed(int(os.environ.get("SEED", "1")))
augmented = transforms.Compose([transforms.RandomCrop(28, padding=2), transforms.RandomHorizontalFlip(), transforms.ToTensor(),
                                transforms.Normalize((0.2860,), (0.3530,))])
plain = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.2860,), (0.3530,))])
root = os.environ["TORCHVISION_ROOT"]
order = torch.randperm(60000)
train = Subset(datasets.FashionMNIST(root, train=True, transform=augmented), order[:50000].tolist())
val = Subset(datasets.FashionMNIST(root, train=True, transform=plain), order[50000:].tolist())
train_loader = DataLoader(train, batch_size=64, shuffle=True)
val_loader = DataLoader(val, batch_size=64)

model = nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
                      nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)

best_loss, best, waited, patience = float("inf"), None, 0, 2
for epoch in range(4):
    model.train()
    for images, labels in train_loader:
        optimizer.zero_grad()
        criterion(model(images), labels).backward()
        optimizer.step()
    scheduler.step()
    model.eval()
    loss = correct = 0
    with torch.no_grad():
        for images, labels in val_loader:
            outputs = model(images)
            loss += criterion(outputs, labels).item() * len(labels) / len(val)
            correct += (outputs.argmax(1) == labels).sum().item()
    print(f"epoch {epoch + 1} val_loss {loss:.4f} val_accuracy {correct / len(val):.4f}", flush=True)
    if loss < best_loss:
        best_loss, best, waited = loss, copy.deepcopy(model.state_dict()), 0
        best_accuracy = correct / len(val)
    else:
        waited += 1
        if waited >= patience:
            break
model.load_state_dict(best)
print(f"best val_accuracy {best_accuracy:.4f}")
