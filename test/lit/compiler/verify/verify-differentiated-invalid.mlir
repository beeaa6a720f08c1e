// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-verify-differentiated))" --split-input-file --verify-diagnostics -o /dev/null

train.program @p {
  train.state @w : tensor<3xf32> {role = #train.role<parameter>, init = #train.fill<0.5 : f64>}
  train.entry @train_step.b1(%x: tensor<3xf32> {train.input = "x"}) -> (tensor<f32> {train.metric = "loss"}, tensor<f32> {train.metric_count = "loss"}) attributes {kind = #train.entry_kind<train_step>, batch_size = 1 : i64} {
    %w = train.read @w : tensor<3xf32>
    %y = nn.mul %x, %w : tensor<3xf32>
    %loss = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<3xf32> -> tensor<f32>
    // expected-error @+1 {{is left after differentiation}}
    %g = train.gradient %loss wrt (%w) : tensor<f32>, (tensor<3xf32>) -> (tensor<3xf32>)
    train.assign @w, %g : tensor<3xf32>
    train.return %loss, %loss : tensor<f32>, tensor<f32>
  }
}

// -----

// The rules of captured programs hold on.
train.program @p {
  // expected-error @+1 {{argument 0 is neither an input nor a target nor a control}}
  train.entry @predict.b1(%x: tensor<3xf32>) -> (tensor<3xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    train.return %x : tensor<3xf32>
  }
}
