// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg))" | FileCheck %s

// The number of the operation stands in the scalar alone: what draws the elements is the same for both.
// CHECK-LABEL: train.entry @draw.b2
// CHECK: %[[FIRST:.+]] = linalg.generic {{.*}} ins(%[[SEED:.+]], %[[STEP:.+]] : tensor<i64>, tensor<i64>) outs({{.*}} : tensor<i64>)
// CHECK: arith.xori {{.*}}, %c70_i32
// CHECK-NOT: %c70_i32
// CHECK: linalg.generic {{.*}} ins(%[[SEED]], %[[STEP]], %[[FIRST]] : tensor<i64>, tensor<i64>, tensor<i64>) outs({{.*}} : tensor<2x3xf32>)
// CHECK-NOT: %c70_i32
// CHECK: %[[OTHER:.+]] = linalg.generic {{.*}} ins(%[[SEED]], %[[STEP]] : tensor<i64>, tensor<i64>) outs({{.*}} : tensor<i64>)
// CHECK: arith.xori {{.*}}, %c71_i32
// CHECK-NOT: %c71_i32
// CHECK: linalg.generic {{.*}} ins(%[[SEED]], %[[STEP]], %[[OTHER]] : tensor<i64>, tensor<i64>, tensor<i64>) outs({{.*}} : tensor<2x3xf32>)
// CHECK-NOT: %c71_i32
// CHECK: train.return

train.program @p {
  train.entry @draw.b2(%seed: tensor<i64> {train.control = "seed"}, %step: tensor<i64> {train.control = "step"}) -> (tensor<2x3xf32> {train.output = "x"}, tensor<2x3xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 2 : i64} {
    %x = nn.random_uniform %seed, %step {op = 70 : i32} : tensor<i64>, tensor<i64> -> tensor<2x3xf32>
    %y = nn.random_uniform %seed, %step {op = 71 : i32} : tensor<i64>, tensor<i64> -> tensor<2x3xf32>
    train.return %x, %y : tensor<2x3xf32>, tensor<2x3xf32>
  }
}
