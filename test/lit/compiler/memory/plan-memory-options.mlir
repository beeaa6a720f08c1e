// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-form-dispatches{join=false merge-small=false},ntc-plan-memory,ntc-verify-planned))" | FileCheck %s
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-form-dispatches{join=false merge-small=false},ntc-plan-memory{reuse-slots=false},ntc-verify-planned))" | FileCheck %s --check-prefix=APART
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-form-dispatches{join=false merge-small=false},ntc-plan-memory{update-in-place=false},ntc-verify-planned))" | FileCheck %s --check-prefix=COPY
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-form-dispatches{join=false merge-small=false},ntc-plan-memory,ntc-verify-planned))" --remarks-filter=".*" --remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Four tensors of 1 kB in a row need two places; without reuse four. The state is 1 kB, the controls 64 bytes each.
// CHECK: plan.arena bytes = 3200
// APART: plan.arena bytes = 4224
// COPY: plan.arena bytes = 3200
// The new value is written over the old one: the last call's result is the state's slot, and no call copies.
// CHECK: plan.call {{.*}} "update" [{{.*}}, #plan.slot<0>]
// CHECK-NOT: plan.call
// COPY: plan.call {{.*}} "copy" [{{.*}}, #plan.slot<0>]
// REMARK-DAG: [Passed] assign | Category:update-in-place | Remark="w of train_step.b4 is written over its old value"
// REMARK-DAG: [Analysis] place | Category:reuse-slots | Remark="3 tensors of train_step.b4 take 2048 bytes, 3072 apart"
train.program @p {
  train.state @w : tensor<4x64xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @train_step.b4(%x: tensor<4x64xf32> {train.input = "x"}) attributes {kind = #train.entry_kind<train_step>, batch_size = 4 : i64} {
    %w = train.read @w : tensor<4x64xf32>
    %a = nn.exp %x : tensor<4x64xf32> loc("a")
    %b = nn.tanh %a : tensor<4x64xf32> loc("b")
    %c = nn.exp %b : tensor<4x64xf32> loc("c")
    %n = nn.sub %w, %c : tensor<4x64xf32> loc("update")
    train.assign @w, %n : tensor<4x64xf32>
    train.return
  }
}
