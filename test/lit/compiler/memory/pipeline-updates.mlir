// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,ntc-form-dispatches,ntc-plan-memory,ntc-pipeline-updates,ntc-verify-planned))" | FileCheck %s
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,ntc-form-dispatches,ntc-plan-memory,ntc-pipeline-updates))" --remarks-filter=".*" --remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// The weight's gradient sums over samples, in vectors along its columns, and only the update reads it: it runs beside the sums.
// The product with transposed weights has its vectors along the sum, and what stands behind it waits for nothing.
// CHECK: plan.kernel {{.*}}-> tensor<256x512xf32> {{.*}}pipelined = array<i64: 0>
// CHECK: plan.kernel {{.*}}-> tensor<64x256xf32>
// CHECK-NOT: pipelined
// REMARK-DAG: [Missed] pipeline | Category:pipeline-updates | Remark="the elementwise loops behind it run apart: its vectors run along the sums"
// REMARK-DAG: [Passed] pipeline | Category:pipeline-updates | Remark="the elementwise loops behind it run beside its sums"
train.program @p {
  train.state @w : tensor<256x512xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @train_step.b64(%x: tensor<64x512xf32> {train.input = "x"}) attributes {kind = #train.entry_kind<train_step>, batch_size = 64 : i64} {
    %w = train.read @w : tensor<256x512xf32>
    %y = nn.matmul %x, %w {transpose_rhs} : tensor<64x512xf32>, tensor<256x512xf32> -> tensor<64x256xf32> loc("fc")
    %r = nn.relu %y : tensor<64x256xf32> loc("relu")
    %g = nn.matmul %r, %x {transpose_lhs} : tensor<64x256xf32>, tensor<64x512xf32> -> tensor<256x512xf32> loc("fc.grad")
    %n = nn.sub %w, %g : tensor<256x512xf32> loc("update")
    train.assign @w, %n : tensor<256x512xf32>
    train.return
  }
}
