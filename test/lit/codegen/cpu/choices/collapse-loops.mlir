// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=collapse-loops --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels=mcpu=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefix=AVX2
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=collapse-loops 2>&1 | FileCheck %s --check-prefix=REMARK

// Memory runs on through all three dimensions: one loop of vectors, or one loop per dimension.

// CHECK-LABEL: func.func @k0
// CHECK: scf.for {{.*}} to %c320 step %c16
// CHECK: math.exp {{.*}} vector<16xf32>

// OFF-LABEL: func.func @k0
// OFF: scf.for {{.*}} to %c4 step %c1
// OFF: scf.for {{.*}} to %c5 step %c1
// OFF: math.exp {{.*}} vector<16xf32>

// AVX2-LABEL: func.func @k0
// AVX2: scf.for {{.*}} to %c320 step %c8

// REMARK: loc("exp"): [Passed] {{.*}}"3 loops run as 1"

train.program @p {
  train.entry @predict(%x: tensor<4x5x16xf32> {train.input = "x"}) -> (tensor<4x5x16xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.exp %x : tensor<4x5x16xf32> loc("exp")
    train.return %y : tensor<4x5x16xf32>
  }
}
