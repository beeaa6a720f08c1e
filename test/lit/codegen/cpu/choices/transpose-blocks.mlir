// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=transpose-blocks --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=transpose-blocks 2>&1 | FileCheck %s --check-prefix=REMARK

// Squares of 8 x 8 are loaded row by row, transposed by three rounds of eight shuffles and stored row by row; otherwise elements are
// gathered.

// CHECK-LABEL: func.func @k0
// CHECK: scf.for {{.*}} to %c16 step %c8
// CHECK-COUNT-8: vector.load {{.*}} vector<8xf32>
// CHECK-COUNT-24: vector.shuffle
// CHECK-COUNT-8: vector.store {{.*}} vector<8xf32>
// CHECK-NOT: vector.gather

// OFF-LABEL: func.func @k0
// OFF: scf.for {{.*}} to %c8 step %c1
// OFF: vector.gather
// OFF: vector.store {{.*}} vector<16xf32>

// REMARK: loc("transpose"): [Passed] {{.*}}"squares of 8 x 8 pass through registers"

train.program @p {
  train.entry @predict(%x: tensor<16x8xf32> {train.input = "x"}) -> (tensor<8x16xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.transpose %x {permutation = array<i64: 1, 0>} : tensor<16x8xf32> -> tensor<8x16xf32> loc("transpose")
    train.return %y : tensor<8x16xf32>
  }
}
