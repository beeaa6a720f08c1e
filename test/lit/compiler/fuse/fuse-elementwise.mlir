// RUN: ntc-opt %s --split-input-file --pass-pipeline="builtin.module(train.program(ntc-fuse-elementwise))" | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>

// A computation with one reader is merged into it.
// CHECK-LABEL: train.entry @predict.b1
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: arith.negf
// CHECK-NEXT: linalg.yield
// CHECK-NOT: linalg.generic
train.program @p {
  train.entry @predict.b1(%x: tensor<4x8xf32> {train.input = "x"}) -> (tensor<4x8xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %e = tensor.empty() : tensor<4x8xf32>
    %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %v = math.exp %in : f32
      linalg.yield %v : f32
    } -> tensor<4x8xf32>
    %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %v = arith.negf %in : f32
      linalg.yield %v : f32
    } -> tensor<4x8xf32>
    train.return %y : tensor<4x8xf32>
  }
}

// -----

#id = affine_map<(i, j) -> (i, j)>

// A computation with two readers stays: each would repeat it.
// CHECK-LABEL: train.entry @predict.b1
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK: arith.negf
// CHECK: linalg.generic
// CHECK: math.absf
train.program @p {
  train.entry @predict.b1(%x: tensor<4x8xf32> {train.input = "x"}) -> (tensor<4x8xf32> {train.output = "y"}, tensor<4x8xf32> {train.output = "z"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %e = tensor.empty() : tensor<4x8xf32>
    %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %v = math.exp %in : f32
      linalg.yield %v : f32
    } -> tensor<4x8xf32>
    %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %v = arith.negf %in : f32
      linalg.yield %v : f32
    } -> tensor<4x8xf32>
    %z = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %v = math.absf %in : f32
      linalg.yield %v : f32
    } -> tensor<4x8xf32>
    train.return %y, %z : tensor<4x8xf32>, tensor<4x8xf32>
  }
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (j)>
#vector = affine_map<(i) -> (i)>

// An element that the reader needs in every row is computed once, before it.
// CHECK-LABEL: train.entry @predict.b1
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: linalg.yield
// CHECK: linalg.generic
// CHECK: arith.addf
// CHECK-NEXT: linalg.yield
train.program @p {
  train.entry @predict.b1(%x: tensor<4x8xf32> {train.input = "x"}, %b: tensor<8xf32> {train.input = "b"}) -> (tensor<4x8xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %e = tensor.empty() : tensor<4x8xf32>
    %f = tensor.empty() : tensor<8xf32>
    %a = linalg.generic {indexing_maps = [#vector, #vector], iterator_types = ["parallel"]} ins(%b : tensor<8xf32>) outs(%f : tensor<8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %v = math.exp %in : f32
      linalg.yield %v : f32
    } -> tensor<8xf32>
    %y = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %a : tensor<4x8xf32>, tensor<8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%in: f32, %bias: f32, %out: f32):
      %v = arith.addf %in, %bias : f32
      linalg.yield %v : f32
    } -> tensor<4x8xf32>
    train.return %y : tensor<4x8xf32>
  }
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#swap = affine_map<(i, j) -> (j, i)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>

// Into the operands of a contraction only what moves elements is merged: the transposition is, the
// computation is not.
// CHECK-LABEL: train.entry @predict.b1
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: linalg.yield
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction"]
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<2x8xf32>)
// CHECK-NOT: linalg.generic
train.program @p {
  train.entry @predict.b1(%x: tensor<4x8xf32> {train.input = "x"}, %w: tensor<2x8xf32> {train.input = "w"}) -> (tensor<4x2xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %e = tensor.empty() : tensor<4x8xf32>
    %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %v = math.exp %in : f32
      linalg.yield %v : f32
    } -> tensor<4x8xf32>
    %f = tensor.empty() : tensor<8x2xf32>
    %t = linalg.generic {indexing_maps = [#swap, #id], iterator_types = ["parallel", "parallel"]} ins(%w : tensor<2x8xf32>) outs(%f : tensor<8x2xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<8x2xf32>
    %c = arith.constant 0.0 : f32
    %g = tensor.empty() : tensor<4x2xf32>
    %z = linalg.fill ins(%c : f32) outs(%g : tensor<4x2xf32>) -> tensor<4x2xf32>
    %y = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %t : tensor<4x8xf32>, tensor<8x2xf32>) outs(%z : tensor<4x2xf32>) {
    ^bb0(%l: f32, %r: f32, %acc: f32):
      %p = arith.mulf %l, %r : f32
      %s = arith.addf %acc, %p : f32
      linalg.yield %s : f32
    } -> tensor<4x2xf32>
    train.return %y : tensor<4x2xf32>
  }
}
