# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A perceptron that predicts next month's airline passengers, in PyTorch: what airline.md does with ntc."""
import csv
import os

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", "1")))
series = np.array([float(row["Passengers"]) for row in csv.DictReader(open(os.environ["AIRLINE"]))], np.float32)
window, held = 12, 24
known = series[:-held]
scaled = (series - known.mean()) / known.std()
windows = torch.tensor(np.stack([scaled[i:i + window] for i in range(len(series) - window)]))
targets = torch.tensor(series[window:])[:, None]

train_loader = DataLoader(TensorDataset(windows[:-held], targets[:-held]), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(window, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.L1Loss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=200)

for epoch in range(200):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    scheduler.step()
model.eval()
with torch.no_grad():
    error = model(windows[-held:]) - targets[-held:]
print(f"epoch 200 val_mae {error.abs().mean().item():.4f} val_rmse {error.square().mean().sqrt().item():.4f}")
