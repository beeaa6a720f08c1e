// RUN: ntc-opt %s --ntc-emit-kernels %remarks='tile-registers' 2>&1 | FileCheck %s
// RUN: ntc-opt %s --ntc-emit-kernels %remarks='prefetch-operands' 2>&1 | FileCheck %s --check-prefix=LEFT
// RUN: ntc-opt %s --ntc-emit-kernels --canonicalize --cse | FileCheck %s --check-prefix=CODE

// A kernel's own tuning: tiles of other sizes than the emitters choose, and choices that are left out for it alone. Columns that
// its sums do not have are not taken.

// CHECK: loc("plain"): [Passed] {{.*}}"3 x 2 vectors of sums stay in registers"
// CHECK: loc("narrow"): [Passed] {{.*}}"2 x 1 vectors of sums stay in registers"
// CHECK: loc("wide"): [Passed] {{.*}}"3 x 2 vectors of sums stay in registers"
// CHECK: loc("along"): [Passed] {{.*}}"2 x 1 columns of sums stay in registers"
// CHECK-NOT: loc("apart")

// LEFT: loc("plain"): {{.*}}prefetch-operands
// LEFT: loc("narrow"): {{.*}}prefetch-operands
// LEFT-NOT: loc("apart")

// CODE-LABEL: func.func @plain
// CODE: scf.for {{.*}} to %c40 {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
// CODE-LABEL: func.func @narrow
// CODE: scf.for {{.*}} to %c40 {{.*}} -> (vector<16xf32>, vector<16xf32>) {
// CODE-LABEL: func.func @apart
// CODE: scf.for {{.*}} to %c40 {{.*}} -> (vector<16xf32>) {

train.program @p {
  plan.kernel @plain(%x: tensor<3x40xf32>, %w: tensor<40x32xf32>) -> tensor<3x32xf32> attributes {groups = 1 : i64, tile = array<i64: 0, 0>} {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<3x32xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x32xf32>) -> tensor<3x32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<3x40xf32>, tensor<40x32xf32>) outs(%init : tensor<3x32xf32>) {
    ^bb0(%a: f32, %b: f32, %sum: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %sum, %p : f32
      linalg.yield %s : f32
    } -> tensor<3x32xf32> loc("plain")
    plan.yield %y : tensor<3x32xf32>
  }
  plan.kernel @narrow(%x: tensor<3x40xf32>, %w: tensor<40x32xf32>) -> tensor<3x32xf32> attributes {groups = 1 : i64, tile = array<i64: 0, 0>, plan.tuning = {tile = array<i64: 2, 1>}} {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<3x32xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x32xf32>) -> tensor<3x32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<3x40xf32>, tensor<40x32xf32>) outs(%init : tensor<3x32xf32>) {
    ^bb0(%a: f32, %b: f32, %sum: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %sum, %p : f32
      linalg.yield %s : f32
    } -> tensor<3x32xf32> loc("narrow")
    plan.yield %y : tensor<3x32xf32>
  }
  plan.kernel @wide(%x: tensor<3x40xf32>, %w: tensor<40x32xf32>) -> tensor<3x32xf32> attributes {groups = 1 : i64, tile = array<i64: 0, 0>, plan.tuning = {tile = array<i64: 5, 9>}} {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<3x32xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x32xf32>) -> tensor<3x32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<3x40xf32>, tensor<40x32xf32>) outs(%init : tensor<3x32xf32>) {
    ^bb0(%a: f32, %b: f32, %sum: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %sum, %p : f32
      linalg.yield %s : f32
    } -> tensor<3x32xf32> loc("wide")
    plan.yield %y : tensor<3x32xf32>
  }
  plan.kernel @along(%x: tensor<3x40xf32>, %w: tensor<32x40xf32>) -> tensor<3x32xf32> attributes {groups = 1 : i64, tile = array<i64: 0, 0>, plan.tuning = {tile = array<i64: 2, 1>}} {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<3x32xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x32xf32>) -> tensor<3x32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<3x40xf32>, tensor<32x40xf32>) outs(%init : tensor<3x32xf32>) {
    ^bb0(%a: f32, %b: f32, %sum: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %sum, %p : f32
      linalg.yield %s : f32
    } -> tensor<3x32xf32> loc("along")
    plan.yield %y : tensor<3x32xf32>
  }
  plan.kernel @apart(%x: tensor<3x40xf32>, %w: tensor<40x32xf32>) -> tensor<3x32xf32> attributes {groups = 1 : i64, tile = array<i64: 0, 0>, plan.tuning = {leave_out = ["tile-registers", "prefetch-operands"]}} {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<3x32xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x32xf32>) -> tensor<3x32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<3x40xf32>, tensor<40x32xf32>) outs(%init : tensor<3x32xf32>) {
    ^bb0(%a: f32, %b: f32, %sum: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %sum, %p : f32
      linalg.yield %s : f32
    } -> tensor<3x32xf32> loc("apart")
    plan.yield %y : tensor<3x32xf32>
  }
}
