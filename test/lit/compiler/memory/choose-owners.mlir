// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-form-dispatches,ntc-choose-owners))" | FileCheck %s
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-form-dispatches,ntc-choose-owners,ntc-plan-memory,ntc-verify-planned))" | FileCheck %s --check-prefix=PLAN
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-form-dispatches,ntc-choose-owners))" --remarks-filter=".*" --remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// The weight [256, 512] is read in the forward product and written by the gradient's dispatch. Both divide its rows: label 1 of
// the product (samples, rows), label 0 of the gradient (rows, columns).
// CHECK: plan.dispatch "fc"{{.*}} {split = 1 : i64}
// CHECK: plan.dispatch "{{.*}}update{{.*}} {split = 0 : i64}
// Groups of the product count its label 1 first.
// PLAN: plan.kernel {{.*}}outer = 1 : i64
// REMARK-DAG: Category:choose-owners | Remark="threads divide fc along dimension 1 of its results"
// REMARK-DAG: Category:choose-owners | Remark="of two threads of train_step.b64 each reads {{[0-9]+}} bytes of a step that the other wrote; along the largest labels it would be {{[0-9]+}}"
train.program @p {
  train.state @w : tensor<256x512xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @train_step.b64(%x: tensor<64x512xf32> {train.input = "x"}) attributes {kind = #train.entry_kind<train_step>, batch_size = 64 : i64} {
    %w = train.read @w : tensor<256x512xf32>
    %y = nn.matmul %x, %w {transpose_rhs} : tensor<64x512xf32>, tensor<256x512xf32> -> tensor<64x256xf32> loc("fc")
    %g = nn.matmul %y, %x {transpose_lhs} : tensor<64x256xf32>, tensor<64x512xf32> -> tensor<256x512xf32> loc("fc.grad")
    %n = nn.sub %w, %g : tensor<256x512xf32> loc("update")
    train.assign @w, %n : tensor<256x512xf32>
    train.return
  }
}
