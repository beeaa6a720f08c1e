// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole capture API. A program that includes this, links ntc::frontend and runs writes a model
// file:
//
//   struct Net : ntc::nn::Module {
//     ntc::nn::Linear fc1{28 * 28, 128}, fc2{128, 10};
//     Net() { registerModule("fc1", fc1); registerModule("fc2", fc2); }
//     ntc::Tensor forward(ntc::Tensor x) { return fc2(relu(fc1(flatten(x)))); }
//   };
#pragma once

#include "ntc/nn/layers.h"
#include "ntc/nn/loss.h"
#include "ntc/nn/module.h"
#include "ntc/nn/optim.h"
#include "ntc/nn/program.h"
#include "ntc/nn/status.h"
#include "ntc/nn/tensor.h"
