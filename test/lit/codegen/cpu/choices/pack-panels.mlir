// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=pack-panels --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels=mcpu=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefix=AVX2
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=pack-panels 2>&1 | FileCheck %s --check-prefix=REMARK

// Rows of the right side lie 2 KiB apart, and eight tiles read each column: its eight rows are copied side by side first.

// CHECK-LABEL: func.func @k0
// CHECK: %[[PANEL:.*]] = memref.alloca() {alignment = 64 : i64} : memref<512xf32>
// CHECK: scf.for %[[COLUMN:.*]] = %c0 to %c512 step %c64
// CHECK: scf.for {{.*}} to %c8 step %c1
// CHECK-COUNT-4: vector.store {{.*}}, %[[PANEL]]
// CHECK: scf.for {{.*}} to %c48 step %c6
// CHECK: scf.for {{.*}} to %c8 step %c1
// CHECK-COUNT-4: vector.load %[[PANEL]]

// OFF-LABEL: func.func @k0
// OFF-NOT: memref.alloca
// OFF: scf.for {{.*}} to %c8 step %c1
// OFF-COUNT-4: vector.load %arg1

// AVX2-LABEL: func.func @k0
// AVX2: memref.alloca() {alignment = 64 : i64} : memref<128xf32>
// AVX2: scf.for {{.*}} to %c512 step %c16

// REMARK: loc("fc"): [Passed] {{.*}}"a column of tiles reads a copy of 2 KiB"

train.program @p {
  train.entry @predict(%x: tensor<48x8xf32> {train.input = "x"}, %w: tensor<8x512xf32> {train.input = "w"}) -> (tensor<48x512xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.matmul %x, %w : tensor<48x8xf32>, tensor<8x512xf32> -> tensor<48x512xf32> loc("fc")
    train.return %y : tensor<48x512xf32>
  }
}
