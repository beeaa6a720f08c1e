// RUN: ntc-opt %s --split-input-file --verify-diagnostics -o /dev/null

train.program @p {
  train.entry @predict.b1(%x: tensor<4xf32> {train.input = "x"}) -> (tensor<4xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    // expected-error @+1 {{'plan.dispatch' op block arguments must have the types of the inputs}}
    %y = plan.dispatch "copy" (%x) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
      plan.yield %a : tensor<4xf32>
    }
    train.return %y : tensor<4xf32>
  }
}

// -----

train.program @p {
  train.entry @predict.b1(%x: tensor<4xf32> {train.input = "x"}) -> (tensor<2xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    // expected-error @+1 {{'plan.dispatch' op must end in a plan.yield of its result types}}
    %y = plan.dispatch "copy" (%x) : (tensor<4xf32>) -> tensor<2xf32> {
    ^bb0(%a: tensor<4xf32>):
      plan.yield %a : tensor<4xf32>
    }
    train.return %y : tensor<2xf32>
  }
}

// -----

train.program @p {
  // expected-error @+1 {{'plan.kernel' op must end in a plan.yield of its result types}}
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<16xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    plan.yield %x : tensor<32xf32>
  }
}
