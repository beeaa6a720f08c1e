// RUN: ntc-opt %s --split-input-file --verify-diagnostics --ntc-emit-kernels

// Tuning as nobody may write it: it is refused where code is made.

train.program @p {
  // expected-error @below {{has a plan.tuning that is no dictionary}}
  plan.kernel @k(%x: tensor<3xf32>) -> tensor<3xf32> attributes {plan.tuning = 7 : i64} {
    plan.yield %x : tensor<3xf32>
  }
}

// -----

train.program @p {
  // expected-error @below {{has a plan.tuning that says 'tile = array<i64: 0, 1>'; it may say 'leave_out', a list of names, and 'tile', rows and columns from 1 to 32}}
  plan.kernel @k(%x: tensor<3xf32>) -> tensor<3xf32> attributes {plan.tuning = {tile = array<i64: 0, 1>}} {
    plan.yield %x : tensor<3xf32>
  }
}

// -----

train.program @p {
  // expected-error @below {{says 'tile = array<i64: 1, 33>'}}
  plan.kernel @k(%x: tensor<3xf32>) -> tensor<3xf32> attributes {plan.tuning = {tile = array<i64: 1, 33>}} {
    plan.yield %x : tensor<3xf32>
  }
}

// -----

train.program @p {
  // expected-error @below {{says 'tile = array<i64: 4>'}}
  plan.kernel @k(%x: tensor<3xf32>) -> tensor<3xf32> attributes {plan.tuning = {tile = array<i64: 4>}} {
    plan.yield %x : tensor<3xf32>
  }
}

// -----

train.program @p {
  // expected-error @below {{says 'tiles = array<i64: 4, 4>'}}
  plan.kernel @k(%x: tensor<3xf32>) -> tensor<3xf32> attributes {plan.tuning = {tiles = array<i64: 4, 4>}} {
    plan.yield %x : tensor<3xf32>
  }
}

// -----

train.program @p {
  // expected-error @below {{says 'leave_out = [4]'}}
  plan.kernel @k(%x: tensor<3xf32>) -> tensor<3xf32> attributes {plan.tuning = {leave_out = [4]}} {
    plan.yield %x : tensor<3xf32>
  }
}

// -----

train.program @p {
  // expected-error @below {{leaves out 'read-padded', which no choice of the emitters is}}
  plan.kernel @k(%x: tensor<3xf32>) -> tensor<3xf32> attributes {plan.tuning = {leave_out = ["read-padded"]}} {
    plan.yield %x : tensor<3xf32>
  }
}
