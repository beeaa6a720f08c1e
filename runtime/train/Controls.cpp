// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of controls, and what to do about one that the program lacks.
#include "runtime/train/Controls.h"

#include "runtime/data/Suggest.h"

#include <algorithm>

namespace ntc::rt::train {
namespace {

/// The flag that compiles the control `name` in, or "" where the recipe's optimizer has none such.
std::string remedyFor(std::string_view name, double value, const Recipe &recipe) {
  const format::JsonValue *optimizer = recipe.spec.find("optimizer");
  const format::JsonValue *kind = optimizer ? optimizer->find("name") : nullptr;
  const format::JsonValue *settings = optimizer ? optimizer->find("hyperparameters") : nullptr;
  if (!kind || !settings || !settings->find(name)) {
    return "";
  }
  return concat("; it was 0 when the step was made, so the step is made without it: give it with ",
                "'--optimizer ", kind->text(), ",", name, "=", value,
                "' and the optimizer's other settings");
}

} // namespace

Status checkControls(const ControlValues &values, std::span<const std::string> names,
                     const Recipe &recipe) {
  for (const auto &[name, value] : values) {
    if (std::ranges::find(names, name) != names.end()) {
      continue;
    }
    std::string remedy = remedyFor(name, value, recipe);
    if (remedy.empty()) {
      remedy = data::didYouMean(name, std::vector<std::string_view>(names.begin(), names.end()));
    }
    return error(Code::InvalidArgument, "--control: the program has no control ", quoted(name),
                 remedy);
  }
  return Status::ok();
}

Status setControls(const ControlValues &values, const Recipe &recipe, exec::Session &session) {
  std::vector<std::string> names;
  for (const artifact::ControlSpec &control : session.manifest().controls) {
    names.push_back(control.name);
  }
  if (Status status = checkControls(values, names, recipe); !status) {
    return status;
  }
  for (const auto &[name, value] : values) {
    if (Status status = session.setControl(name, value); !status) {
      return withContext(status, "--control");
    }
  }
  return Status::ok();
}

} // namespace ntc::rt::train
