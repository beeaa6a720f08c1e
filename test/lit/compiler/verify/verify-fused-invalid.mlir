// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-verify-fused))" --split-input-file --verify-diagnostics -o /dev/null

// A reshape between dispatches moves nothing: no error.
train.program @p {
  train.entry @predict.b1(%x: tensor<4xf32> {train.input = "x"}) -> (tensor<2x2xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %y = plan.dispatch "exp" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%a: tensor<4xf32>):
      %e = math.exp %a : tensor<4xf32>
      plan.yield %e : tensor<4xf32>
    }
    %z = nn.reshape %y : tensor<4xf32> -> tensor<2x2xf32>
    train.return %z : tensor<2x2xf32>
  }
}

// -----

train.program @p {
  train.entry @predict.b1(%x: tensor<4xf32> {train.input = "x"}) -> (tensor<4xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    // expected-error @+1 {{computes outside of a dispatch}}
    %y = nn.exp %x : tensor<4xf32>
    train.return %y : tensor<4xf32>
  }
}

// -----

train.program @p {
  train.entry @predict.b1(%x: tensor<4xf32> {train.input = "x"}) -> (tensor<4xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %y = plan.dispatch "exp" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%a: tensor<4xf32>):
      // expected-error @+1 {{does not belong into a dispatch, which holds linalg on tensors}}
      %e = nn.exp %a : tensor<4xf32>
      plan.yield %e : tensor<4xf32>
    }
    train.return %y : tensor<4xf32>
  }
}
