// Every diagnostic of the dialect train, on the smallest program that earns it.
// RUN: ntc-opt --verify-diagnostics --split-input-file %s

// A state of unknown size.
train.program @p {
  // expected-error @+1 {{'train.state' op needs a tensor type of static shape, found 'tensor<?xf32>'}}
  train.state @w : tensor<?xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
}

// -----

// A state that is no tensor.
train.program @p {
  // expected-error @+1 {{'train.state' op needs a tensor type of static shape, found 'f32'}}
  train.state @w : f32 {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
}

// -----

// A first value of another type.
train.program @p {
  // expected-error @+1 {{'train.state' op initial value has type 'tensor<3xf32>', the state has 'tensor<2xf32>'}}
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = dense<1.0> : tensor<3xf32>}
}

// -----

// A first value of no known form.
train.program @p {
  // expected-error @+1 {{'train.state' op init must be #train.uniform, #train.normal, #train.fill, #train.file or a dense value}}
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = 1.0 : f32}
}

// -----

// A role that there is not.
train.program @p {
  // expected-error @+2 {{failed to parse Train_RoleAttr parameter 'value' which is to be a `::ntc::ir::train::Role`}}
  // expected-error @+1 {{expected ::ntc::ir::train::Role to be one of: parameter, buffer, moment, counter}}
  train.state @w : tensor<2xf32> {role = #train.role<weight>, init = #train.fill<0.0 : f64>}
}

// -----

// Two states of one name.
train.program @p {
  // expected-note @+1 {{see existing symbol definition here}}
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  // expected-error @+1 {{redefinition of symbol named 'w'}}
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
}

// -----

// A state outside of a program.
// expected-error @+1 {{'train.state' op expects parent op 'train.program'}}
train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}

// -----

// A state that the program does not have: read.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @e() attributes {kind = #train.entry_kind<predict>} {
    // expected-error @+1 {{'train.read' op names no state of this program: @v}}
    %w = train.read @v : tensor<2xf32>
  }
}

// -----

// A state that the program does not have: assigned.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @e() attributes {kind = #train.entry_kind<predict>} {
    %w = train.read @w : tensor<2xf32>
    // expected-error @+1 {{'train.assign' op names no state of this program: @v}}
    train.assign @v, %w : tensor<2xf32>
  }
}

// -----

// An entry's name names no state.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @e() attributes {kind = #train.entry_kind<predict>} {
    // expected-error @+1 {{'train.read' op names no state of this program: @e}}
    %w = train.read @e : tensor<2xf32>
  }
}

// -----

// A state read as another type.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @e() attributes {kind = #train.entry_kind<predict>} {
    // expected-error @+1 {{'train.read' op state @w has type 'tensor<2xf32>', found 'tensor<3xf32>'}}
    %w = train.read @w : tensor<3xf32>
  }
}

// -----

// A state assigned another type.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @e(%x: tensor<3xf32>) attributes {kind = #train.entry_kind<predict>} {
    // expected-error @+1 {{'train.assign' op state @w has type 'tensor<2xf32>', found 'tensor<3xf32>'}}
    train.assign @w, %x : tensor<3xf32>
  }
}

// -----

// A state assigned twice: which value it gets would depend on the order.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @e(%x: tensor<2xf32>) attributes {kind = #train.entry_kind<predict>} {
    train.assign @w, %x : tensor<2xf32>
    // expected-error @+1 {{'train.assign' op assigns @w a second time}}
    train.assign @w, %x : tensor<2xf32>
  }
}

// -----

// An entry returns what it says.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  // expected-error @+1 {{'train.entry' op must end in a train.return of its result types}}
  train.entry @e(%x: tensor<2xf32>) -> tensor<3xf32> attributes {kind = #train.entry_kind<predict>} {
    train.return %x : tensor<2xf32>
  }
}

// -----

// An entry has a body.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  // expected-error @+1 {{custom op 'train.entry' expected non-empty function body}}
  train.entry @e() attributes {kind = #train.entry_kind<predict>} {
  }
}

// -----

// An entry has a body, in its generic form too.
train.program @p {
  // expected-error @+1 {{'train.entry' op expects a non-empty block}}
  "train.entry"() ({
  ^bb0:
  }) {sym_name = "e", function_type = () -> (), kind = #train.entry_kind<predict>} : () -> ()
}

// -----

// An entry ends.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  // expected-error @+1 {{'train.entry' op must end in a train.return of its result types}}
  train.entry @e() attributes {kind = #train.entry_kind<predict>} {
    %w = train.read @w : tensor<2xf32>
  }
}

// -----

// A gradient of more than a number.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @e(%x: tensor<2xf32>) attributes {kind = #train.entry_kind<predict>} {
    // expected-error @+1 {{'train.gradient' op differentiates a scalar of floating point, found 'tensor<2xf32>'}}
    %g = train.gradient %x wrt (%x) : tensor<2xf32>, (tensor<2xf32>) -> (tensor<2xf32>)
    train.return
  }
}

// -----

// A gradient of an integer.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @e(%x: tensor<i64>) attributes {kind = #train.entry_kind<predict>} {
    // expected-error @+1 {{'train.gradient' op differentiates a scalar of floating point, found 'tensor<i64>'}}
    %g = train.gradient %x wrt (%x) : tensor<i64>, (tensor<i64>) -> (tensor<i64>)
    train.return
  }
}

// -----

// A gradient of another type than its value.
train.program @p {
  train.state @w : tensor<2xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @e(%l: tensor<f32>, %x: tensor<2xf32>) attributes {kind = #train.entry_kind<predict>} {
    // expected-error @+1 {{'train.gradient' op gradients must have the types of the values that they are taken by}}
    %g = train.gradient %l wrt (%x) : tensor<f32>, (tensor<2xf32>) -> (tensor<f32>)
    train.return
  }
}
