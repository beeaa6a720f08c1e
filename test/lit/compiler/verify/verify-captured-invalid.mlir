// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-verify-captured))" --split-input-file --verify-diagnostics -o /dev/null

// Gradients belong into a captured program: no error.
train.program @p {
  train.state @w : tensor<3xf32> {role = #train.role<parameter>, init = #train.fill<0.5 : f64>}
  train.entry @train_step.b1(%x: tensor<3xf32> {train.input = "x"}, %lr: tensor<f64> {train.control = "lr"}) -> (tensor<f32> {train.metric = "loss"}, tensor<f32> {train.metric_count = "loss"}) attributes {kind = #train.entry_kind<train_step>, batch_size = 1 : i64} {
    %w = train.read @w : tensor<3xf32>
    %y = nn.mul %x, %w : tensor<3xf32>
    %loss = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<3xf32> -> tensor<f32>
    %g = train.gradient %loss wrt (%w) : tensor<f32>, (tensor<3xf32>) -> (tensor<3xf32>)
    train.assign @w, %g : tensor<3xf32>
    train.return %loss, %loss : tensor<f32>, tensor<f32>
  }
}

// -----

train.program @p {
  // expected-error @+1 {{argument 1 is neither an input nor a target nor a control}}
  train.entry @predict.b1(%x: tensor<3xf32> {train.input = "x"}, %z: tensor<3xf32>) -> (tensor<3xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    train.return %x : tensor<3xf32>
  }
}

// -----

train.program @p {
  // expected-error @+1 {{result 1 is neither a metric nor its count nor an output}}
  train.entry @predict.b1(%x: tensor<3xf32> {train.input = "x"}) -> (tensor<3xf32> {train.output = "y"}, tensor<3xf32>) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    train.return %x, %x : tensor<3xf32>, tensor<3xf32>
  }
}

// -----

train.program @p {
  // expected-error @+1 {{metric loss has no count}}
  train.entry @eval_step.b1(%x: tensor<f32> {train.control = "x"}) -> (tensor<f32> {train.metric = "loss"}, tensor<f32> {train.metric_count = "correct"}) attributes {kind = #train.entry_kind<eval_step>, batch_size = 1 : i64} {
    train.return %x, %x : tensor<f32>, tensor<f32>
  }
}

// -----

train.program @p {
  train.entry @predict.b1(%x: tensor<3xf32> {train.input = "x"}) -> (tensor<3xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    // expected-error @+1 {{does not belong to a program before fusion, which holds nn and train operations}}
    %y = arith.negf %x : tensor<3xf32>
    train.return %y : tensor<3xf32>
  }
}

// -----

// Nothing can be computed from no elements.
train.program @p {
  train.entry @predict.b1(%x: tensor<3xf32> {train.input = "x"}) -> (tensor<3xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    // expected-error @+1 {{needs tensors of fixed sizes with 1 to 17179869184 elements, found 'tensor<0x3xf32>'}}
    %c = nn.constant dense<1.0> : tensor<0x3xf32>
    train.return %x : tensor<3xf32>
  }
}

// -----

// The elements, each dimension being small enough, are too many.
train.program @p {
  // expected-error @+1 {{needs tensors of fixed sizes with 1 to 17179869184 elements, found 'tensor<131073x131072xf32>'}}
  train.entry @predict.b1(%x: tensor<131073x131072xf32> {train.input = "x"}) -> (tensor<131073x131072xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    train.return %x : tensor<131073x131072xf32>
  }
}

// -----

// The elements of a state.
train.program @p {
  // expected-error @+1 {{needs tensors of fixed sizes with 1 to 17179869184 elements, found 'tensor<4611686018427387904x4xf32>'}}
  train.state @w : tensor<4611686018427387904x4xf32> {role = #train.role<parameter>, init = #train.fill<0.5 : f64>}
}
