# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
ntc new cnn --optimizer adam,lr=1e-3 -o "$WORK/model.pb"
ntc train "$WORK/model.pb" --data fashion-mnist --val-split 10000 --batch-size 64 --epochs 4 --seed "$SEED" --out "$WORK/run" \
  --transform 'RandomCrop(28, padding=2), RandomHorizontalFlip(), ToTensor(), Normalize((0.2860,), (0.3530,))' \
  --schedule step,step_size=1,gamma=0.7 --early-stop=patience=2
