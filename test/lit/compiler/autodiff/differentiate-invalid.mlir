// RUN: ntc-opt %s --ntc-differentiate --split-input-file --verify-diagnostics

func.func @no_rule(%x: tensor<f64>) -> tensor<f64> {
  // expected-error @below {{'tensor.cast' lies between a loss and a value it is differentiated by, but has no derivative rule}}
  %d = tensor.cast %x : tensor<f64> to tensor<f64>
  %loss = nn.exp %d : tensor<f64>
  %dx = train.gradient %loss wrt (%x) : tensor<f64>, (tensor<f64>) -> (tensor<f64>)
  return %dx : tensor<f64>
}

// -----

// The same operation beside the path is no obstacle.
func.func @no_rule_needed(%x: tensor<f64>, %z: tensor<f64>) -> tensor<f64> {
  %d = tensor.cast %z : tensor<f64> to tensor<f64>
  %loss = nn.mul %d, %x : tensor<f64>
  %dx = train.gradient %loss wrt (%x) : tensor<f64>, (tensor<f64>) -> (tensor<f64>)
  return %dx : tensor<f64>
}

// -----

func.func @by_integer(%x: tensor<f64>, %i: tensor<3xi64>) -> tensor<3xi64> {
  // expected-error @below {{cannot differentiate by a value of type 'tensor<3xi64>': a derivative needs floating point}}
  %di = train.gradient %x wrt (%i) : tensor<f64>, (tensor<3xi64>) -> (tensor<3xi64>)
  return %di : tensor<3xi64>
}

// -----

func.func @loss_from_outside(%x: tensor<f64>, %p: i1) {
  // expected-error @below {{'nn.exp' lies outside of the block in which a loss that depends on it is differentiated}}
  %loss = nn.exp %x : tensor<f64>
  scf.if %p {
    %dx = train.gradient %loss wrt (%x) : tensor<f64>, (tensor<f64>) -> (tensor<f64>)
    %used = tensor.extract %dx[] : tensor<f64>
  }
  return
}

// -----

// A region uses %x without an operand of its own.
func.func @region(%x: tensor<f64>, %p: i1) -> tensor<f64> {
  %one = nn.constant dense<1.0> : tensor<f64>
  %seed = nn.mul %x, %one : tensor<f64>
  // expected-error @below {{'scf.if' lies between a loss and a value it is differentiated by, but has no derivative rule}}
  %y = scf.if %p -> tensor<f64> {
    scf.yield %x : tensor<f64>
  } else {
    scf.yield %one : tensor<f64>
  }
  %loss = nn.mul %y, %seed : tensor<f64>
  %dx = train.gradient %loss wrt (%x) : tensor<f64>, (tensor<f64>) -> (tensor<f64>)
  return %dx : tensor<f64>
}
