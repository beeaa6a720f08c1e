// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,cse))" --remarks-filter=fuse-elementwise --remark-policy=all -o /dev/null 2>&1 | FileCheck %s

train.program @p {
  // A chain becomes one operation, which computes both functions.
  // CHECK-DAG: loc("inner"): [Passed] fuse | Category:fuse-elementwise | Remark="computed inside outer"
  train.entry @chain.b4(%x: tensor<4x8xf32> {train.input = "x"}) -> (tensor<4x8xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 4 : i64} {
    %h = nn.tanh %x : tensor<4x8xf32> loc("inner")
    %y = nn.exp %h : tensor<4x8xf32> loc("outer")
    train.return %y : tensor<4x8xf32>
  }

  // What two operations read is computed once, into memory.
  // CHECK-DAG: loc("shared"): [Missed] fuse | Category:fuse-elementwise | Remark="not computed inside exp: it has other consumers"
  train.entry @shared.b4(%x: tensor<4x8xf32> {train.input = "x"}) -> (tensor<4x8xf32> {train.output = "y"}, tensor<4x8xf32> {train.output = "z"}) attributes {kind = #train.entry_kind<predict>, batch_size = 4 : i64} {
    %h = nn.tanh %x : tensor<4x8xf32> loc("shared")
    %y = nn.exp %h : tensor<4x8xf32> loc("exp")
    %z = nn.log %h : tensor<4x8xf32> loc("log")
    train.return %y, %z : tensor<4x8xf32>, tensor<4x8xf32>
  }

  // One step on one tensor: both read that tensor instead.
  // CHECK-DAG: loc("centred"): [Passed] fuse | Category:fuse-elementwise | Remark="computed inside exp2"
  // CHECK-DAG: loc("centred"): [Passed] fuse | Category:fuse-elementwise | Remark="computed inside log2"
  train.entry @recomputed.b4(%x: tensor<4x8xf32> {train.input = "x"}, %m: tensor<8xf32> {train.input = "m"}) -> (tensor<4x8xf32> {train.output = "y"}, tensor<4x8xf32> {train.output = "z"}) attributes {kind = #train.entry_kind<predict>, batch_size = 4 : i64} {
    %b = nn.broadcast %m {dims = array<i64: 1>} : tensor<8xf32> -> tensor<4x8xf32>
    %h = nn.sub %x, %b : tensor<4x8xf32> loc("centred")
    %y = nn.exp %h : tensor<4x8xf32> loc("exp2")
    %z = nn.log %h : tensor<4x8xf32> loc("log2")
    train.return %y, %z : tensor<4x8xf32>, tensor<4x8xf32>
  }

  // A contraction stays a sum of products: it reads a computed operand from memory.
  // CHECK-DAG: loc("operand"): [Missed] fuse | Category:fuse-elementwise | Remark="not computed inside product: it computes, and its consumer must stay a sum of products"
  train.entry @contraction.b4(%x: tensor<4x8xf32> {train.input = "x"}, %w: tensor<8x2xf32> {train.input = "w"}) -> (tensor<4x2xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 4 : i64} {
    %h = nn.tanh %x : tensor<4x8xf32> loc("operand")
    %y = nn.matmul %h, %w : tensor<4x8xf32>, tensor<8x2xf32> -> tensor<4x2xf32> loc("product")
    train.return %y : tensor<4x2xf32>
  }
}
