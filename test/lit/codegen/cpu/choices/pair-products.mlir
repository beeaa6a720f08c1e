// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=pair-products --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels=mcpu=cooperlake --canonicalize --cse | FileCheck %s --check-prefix=DOT
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=pair-products 2>&1 | FileCheck %s --check-prefix=REMARK

// Two rows of the right side are interleaved in a panel; a step adds the product of the second of two elements, then that of the
// first one: apart, or by one instruction where there is one. Without pairs, factors are widened one by one.

// CHECK-LABEL: func.func @k0
// CHECK: %[[PANEL:.*]] = memref.alloca() {alignment = 64 : i64} : memref<640xi16>
// CHECK: scf.for {{.*}} to %c40 step %c2
// CHECK: arith.shli
// CHECK: arith.ori
// CHECK: vector.store {{.*}}, %[[PANEL]]{{.*}} vector<32xi16>
// CHECK: scf.for {{.*}} to %c40 step %c2 iter_args
// CHECK: vector.load %[[PANEL]]
// CHECK: vector.load %arg0{{.*}} vector<2xi16>
// CHECK-COUNT-4: math.fma

// OFF-LABEL: func.func @k0
// OFF-NOT: memref.alloca
// OFF: scf.for {{.*}} to %c40 step %c1 iter_args
// OFF: arith.extf {{.*}} vector<16xbf16> to vector<16xf32>
// OFF-COUNT-2: math.fma
// OFF: scf.yield

// REMARK: loc("fc"): [Passed] {{.*}}"pairs of one operand come from a panel, of the other from memory"

// DOT: scf.for {{.*}} to %c40 step %c2 iter_args
// DOT-COUNT-2: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"

train.program @p {
  train.entry @predict(%x: tensor<2x40xbf16> {train.input = "x"}, %w: tensor<40x16xbf16> {train.input = "w"}) -> (tensor<2x16xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %a = nn.cast %x : tensor<2x40xbf16> -> tensor<2x40xf32>
    %b = nn.cast %w : tensor<40x16xbf16> -> tensor<40x16xf32>
    %y = nn.matmul %a, %b : tensor<2x40xf32>, tensor<40x16xf32> -> tensor<2x16xf32> loc("fc")
    train.return %y : tensor<2x16xf32>
  }
}
