// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,cse,ntc-form-dispatches))" | FileCheck %s
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,cse,ntc-form-dispatches{join=false}))" | FileCheck %s --check-prefix=APART
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,cse,ntc-form-dispatches{join=false merge-small=false}))" | FileCheck %s --check-prefix=SINGLE
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,cse,ntc-form-dispatches))" --remarks-filter=".*dispatches" --remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

train.program @p {
  // Large work: the activation joins the product that it follows, the second product stays apart.
  // CHECK-LABEL: train.entry @large.b128
  // CHECK: plan.dispatch "fc1+relu"
  // CHECK: arith.addf
  // CHECK: arith.maximumf
  // CHECK: plan.dispatch "fc2"
  // CHECK: train.return
  // APART-LABEL: train.entry @large.b128
  // APART: plan.dispatch "fc1"
  // APART: plan.dispatch "relu"
  // APART: plan.dispatch "fc2"
  // REMARK: [Passed] join | Category:join-dispatches | Remark="joins fc1: together they have {{[0-9]+}} groups of work"
  // REMARK: [Missed] join | Category:join-dispatches | Remark="stays apart from fc1+relu: a contraction's operand tiles would follow the other operation's"
  train.entry @large.b128(%x: tensor<128x256xf32> {train.input = "x"}, %u: tensor<256x256xf32> {train.input = "u"}, %v: tensor<256x64xf32> {train.input = "v"}) -> (tensor<128x64xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 128 : i64} {
    %h = nn.matmul %x, %u : tensor<128x256xf32>, tensor<256x256xf32> -> tensor<128x256xf32> loc("fc1")
    %r = nn.relu %h : tensor<128x256xf32> loc("relu")
    %y = nn.matmul %r, %v : tensor<128x256xf32>, tensor<256x64xf32> -> tensor<128x64xf32> loc("fc2")
    train.return %y : tensor<128x64xf32>
  }

  // Little work: one dispatch, by joining or, where that is off, by merging neighbours.
  // CHECK-LABEL: train.entry @small.b2
  // CHECK: plan.dispatch "first+second"
  // CHECK-NOT: plan.dispatch
  // APART-LABEL: train.entry @small.b2
  // APART: plan.dispatch "first+second"
  // APART-NOT: plan.dispatch
  // SINGLE-LABEL: train.entry @small.b2
  // SINGLE: plan.dispatch "first"
  // SINGLE: plan.dispatch "second"
  // REMARK: [Passed] join | Category:join-dispatches | Remark="joins first: together they are small, as {{[0-9]+}} flops of sums of products"
  train.entry @small.b2(%x: tensor<2x3xf32> {train.input = "x"}, %u: tensor<3x4xf32> {train.input = "u"}, %v: tensor<4x2xf32> {train.input = "v"}) -> (tensor<2x2xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 2 : i64} {
    %h = nn.matmul %x, %u : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32> loc("first")
    %y = nn.matmul %h, %v : tensor<2x4xf32>, tensor<4x2xf32> -> tensor<2x2xf32> loc("second")
    train.return %y : tensor<2x2xf32>
  }
}
