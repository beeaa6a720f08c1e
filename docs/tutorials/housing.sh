# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
ntc new mlp --input 13 --hidden 64,64 --classes 1 --loss mse --optimizer adam,lr=1e-3 -o "$WORK/model.pb"
ntc train "$WORK/model.pb" --data "csv:$HOUSING?target=median_house_value&scale=standard&missing=median" --val-split 20% \
  --batch-size 64 --epochs 60 --schedule plateau,factor=0.5,patience=3 --metrics r2 --seed "$SEED" --out "$WORK/run"
