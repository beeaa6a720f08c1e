# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
c++ -std=c++20 pipeline.cpp $NTC_FRONTEND -o "$WORK/pipeline"
(cd "$WORK" && ./pipeline)
for fold in 1 2 3; do
  ntc train "$WORK/pipeline.pb" --data fashion-mnist --fold "$fold/3" --batch-size 128 --epochs 2 --seed "$SEED" \
    --init 'fc*.weight=kaiming_normal' --init 'fc*.bias=zeros' --clip-grad-norm 1 --schedule cosine,t_max=4 --out "$WORK/fold-$fold"
  ntc train --out "$WORK/fold-$fold" --resume --epochs 4
done
