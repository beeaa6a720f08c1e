// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-decompose,ntc-lower-to-linalg,ntc-fuse-elementwise,ntc-form-dispatches,ntc-plan-memory,ntc-verify-planned))" | FileCheck %s

// A state, the two control cells, and the result, each from a multiple of 64 bytes on; one kernel for the whole entry.
// CHECK: plan.kernel @k0(%{{.*}}: tensor<2x3xf32>, %{{.*}}: tensor<4x3xf32>) -> tensor<2x4xf32>
// CHECK: plan.arena bytes = 256 align = 64 {
// CHECK-NEXT: plan.slot 0 "w" : tensor<4x3xf32> offset = 0 role = "parameter"
// CHECK-NEXT: plan.slot 1 "seed" : tensor<i64> offset = 64 role = "control"
// CHECK-NEXT: plan.slot 2 "step" : tensor<i64> offset = 128 role = "control"
// CHECK-NEXT: plan.slot 3 {{.*}} : tensor<2x4xf32> offset = 192 role = "activation"
// CHECK: plan.entry @predict.b2
// CHECK: plan.call @k0 {{.*}} [#plan.input<0>, #plan.slot<0>, #plan.slot<3>]
train.program @p {
  train.state @w : tensor<4x3xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @predict.b2(%x: tensor<2x3xf32> {train.input = "x"}) -> (tensor<2x4xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 2 : i64} {
    %w = train.read @w : tensor<4x3xf32>
    %h = nn.matmul %x, %w {transpose_rhs} : tensor<2x3xf32>, tensor<4x3xf32> -> tensor<2x4xf32>
    %y = nn.softmax %h {axis = 1 : i64} : tensor<2x4xf32>
    train.return %y : tensor<2x4xf32>
  }
}
