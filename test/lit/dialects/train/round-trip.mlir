// Every operation and attribute of train is read, written, and read again without change, in its generic form too.
// RUN: ntc-opt %s | ntc-opt | FileCheck %s
// RUN: ntc-opt --mlir-print-op-generic %s | ntc-opt | FileCheck %s

// CHECK-LABEL: train.program @mlp attributes {metadata = {recipe = "{}"}}
train.program @mlp attributes {metadata = {recipe = "{}"}} {
  // CHECK-NEXT: train.state @fc.weight : tensor<2x3xf32> {init = #train.uniform<{{.*}}>, role = #train.role<parameter>}
  train.state @fc.weight : tensor<2x3xf32> {role = #train.role<parameter>, init = #train.uniform<low = -0.5 : f64, high = 0.5 : f64, op = 7>}
  // CHECK-NEXT: train.state @conv.weight : tensor<2x1x3x3xf32> {init = #train.normal<{{.*}}>, role = #train.role<parameter>}
  train.state @conv.weight : tensor<2x1x3x3xf32> {role = #train.role<parameter>, init = #train.normal<mean = 0.0 : f64, deviation = 0.25 : f64, op = 8>}
  // CHECK-NEXT: train.state @fc.bias : tensor<2xf32> {frozen, init = #train.file<"w.safetensors", "fc.bias", "00ff">, role = #train.role<parameter>}
  train.state @fc.bias : tensor<2xf32> {role = #train.role<parameter>, init = #train.file<"w.safetensors", "fc.bias", "00ff">, frozen}
  // CHECK-NEXT: train.state @momentum.fc.weight : tensor<2x3xf32> {init = #train.fill<{{.*}}>, of = @fc.weight, role = #train.role<moment>}
  train.state @momentum.fc.weight : tensor<2x3xf32> {role = #train.role<moment>, of = @fc.weight, init = #train.fill<0.0 : f64>}
  // CHECK-NEXT: train.state @running_mean : tensor<2xf32> {init = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>, role = #train.role<buffer>}
  train.state @running_mean : tensor<2xf32> {role = #train.role<buffer>, init = dense<[1.0, 2.0]> : tensor<2xf32>}
  // CHECK-NEXT: train.state @step : tensor<i64> {init = #train.fill<{{.*}}>, role = #train.role<counter>}
  train.state @step : tensor<i64> {role = #train.role<counter>, init = #train.fill<0.0 : f64>}

  // CHECK: train.entry @train_step.b4(%[[X:.*]]: tensor<4x3xf32> {train.input = "x"}, %{{.*}}: tensor<f64> {train.control = "lr", train.default = 1.000000e-01 : f64}) -> (tensor<f32> {train.metric = "loss"}) attributes {batch_size = 4 : i64, kind = #train.entry_kind<train_step>} {
  train.entry @train_step.b4(%x: tensor<4x3xf32> {train.input = "x"}, %lr: tensor<f64> {train.control = "lr", train.default = 1.0e-1 : f64}) -> (tensor<f32> {train.metric = "loss"}) attributes {batch_size = 4 : i64, kind = #train.entry_kind<train_step>} {
    // CHECK-NEXT: %[[W:.*]] = train.read @fc.weight : tensor<2x3xf32>
    %w = train.read @fc.weight : tensor<2x3xf32>
    %y = nn.matmul %x, %w {transpose_rhs} : tensor<4x3xf32>, tensor<2x3xf32> -> tensor<4x2xf32>
    // CHECK: %[[LOSS:.*]] = nn.reduce_sum
    %loss = nn.reduce_sum %y {axes = array<i64: 0, 1>} : tensor<4x2xf32> -> tensor<f32>
    // CHECK-NEXT: %[[G:.*]]:2 = train.gradient %[[LOSS]] wrt(%[[W]], %[[X]]) : tensor<f32>, (tensor<2x3xf32>, tensor<4x3xf32>) -> (tensor<2x3xf32>, tensor<4x3xf32>)
    %g:2 = train.gradient %loss wrt (%w, %x) : tensor<f32>, (tensor<2x3xf32>, tensor<4x3xf32>) -> (tensor<2x3xf32>, tensor<4x3xf32>)
    // CHECK-NEXT: train.assign @fc.weight, %[[G]]#0 : tensor<2x3xf32>
    train.assign @fc.weight, %g#0 : tensor<2x3xf32>
    // CHECK-NEXT: train.return %[[LOSS]] : tensor<f32>
    train.return %loss : tensor<f32>
  }

  // CHECK: train.entry @init() attributes {batch_size = 0 : i64, kind = #train.entry_kind<init>} {
  train.entry @init() attributes {kind = #train.entry_kind<init>} {
    train.return
  }
}
