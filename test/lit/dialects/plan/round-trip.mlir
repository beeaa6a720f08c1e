// RUN: ntc-opt %s | ntc-opt | FileCheck %s

// CHECK: plan.kernel @copy(%{{.*}}: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>}
// CHECK: plan.yield %{{.*}} : tensor<32xf32>
// CHECK: plan.arena bytes = 384 align = 64 {
// CHECK-NEXT: plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
// CHECK-NEXT: plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
// CHECK: plan.entry @predict.b1 attributes {batch_size = 1 : i64
// CHECK: plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 384 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}
