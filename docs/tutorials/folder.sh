# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
ntc data inspect "imagefolder:$PHOTOS" --grid "$WORK/grid.png"
ntc new lenet --classes 3 --optimizer adam,lr=1e-3 -o "$WORK/model.pb"
ntc train "$WORK/model.pb" --data "imagefolder:$PHOTOS" --val-split 20%,stratified \
  --transform 'RandomResizedCrop(32, scale=(0.5, 1)), RandomHorizontalFlip(), ToTensor(), Normalize(0.5, 0.25)' \
  --batch-size 16 --epochs 30 --early-stop=patience=5 --metrics f1 --seed "$SEED" --out "$WORK/run"
ntc eval "$WORK/run" --data "imagefolder:$PHOTOS" --report
ntc predict "$WORK/run" --data "imagefolder:$PHOTOS" -o "$WORK/out.csv"
