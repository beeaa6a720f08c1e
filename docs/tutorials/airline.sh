# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
ntc new mlp --input 12 --hidden 32 --classes 1 --loss l1 --optimizer adam,lr=0.01 -o "$WORK/model.pb"
ntc train "$WORK/model.pb" --data "csv:$AIRLINE?target=Passengers&columns=Passengers&window=12&scale=standard" \
  --val-split 24,last --batch-size 16 --epochs 200 --schedule cosine,t_max=200 --clip-grad-norm 1 --metrics mae,rmse \
  --seed "$SEED" --out "$WORK/run"
