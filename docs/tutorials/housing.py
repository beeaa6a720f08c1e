# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A perceptron on the table of California housing, in PyTorch: what housing.md does with ntc."""
import csv
import os

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(int(os.environ.get("SEED", "1")))
rows = list(csv.DictReader(open(os.environ["HOUSING"])))
numeric = [name for name in rows[0] if name not in ("median_house_value", "ocean_proximity")]
places = sorted({row["ocean_proximity"] for row in rows})
values = np.array([[float(row[name] or "nan") for name in numeric] for row in rows])
one_hot = np.array([[row["ocean_proximity"] == place for place in places] for row in rows], float)
target = np.array([float(row["median_house_value"]) for row in rows], np.float32)

order = torch.randperm(len(rows)).numpy()
held = len(rows) // 5
train_rows, val_rows = order[held:], order[:held]
values = np.where(np.isnan(values), np.nanmedian(values[train_rows], axis=0), values)
values = (values - values[train_rows].mean(0)) / values[train_rows].std(0)
features = np.concatenate([values, one_hot], axis=1).astype(np.float32)


def part(rows):
    return TensorDataset(torch.tensor(features[rows]), torch.tensor(target[rows])[:, None])


train_loader = DataLoader(part(train_rows), batch_size=64, shuffle=True)
x, y = part(val_rows).tensors

model = nn.Sequential(nn.Linear(features.shape[1], 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=3)

for epoch in range(60):
    model.train()
    for features, targets in train_loader:
        optimizer.zero_grad()
        criterion(model(features), targets).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        loss = criterion(model(x), y).item()
    scheduler.step(loss)
    print(f"epoch {epoch + 1} val_loss {loss:.4f} val_r2 {1 - loss / y.var(unbiased=False).item():.4f}", flush=True)
