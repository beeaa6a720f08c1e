# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
ntc new mlp -o "$WORK/model.pb"
ntc train "$WORK/model.pb" --data "mnist:$MNIST" --val-split 10000 --batch-size 32 --epochs 5 --seed "$SEED" --out "$WORK/run"
