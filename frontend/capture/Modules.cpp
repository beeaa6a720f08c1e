// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The module tree, and scopes: while a module's forward runs, nodes and messages carry its path.
#include "ntc/nn/module.h"

#include "frontend/capture/Recorder.h"
#include "ntc/nn/layers.h"

#include <cmath>
#include <cstdlib>
#include <cxxabi.h>
#include <typeinfo>

namespace ntc::nn {

Init Init::fanIn(int64_t fanIn) {
  double bound = fanIn > 0 ? 1 / std::sqrt(static_cast<double>(fanIn)) : 0;
  return uniform(-bound, bound);
}

Init Init::kaimingNormal(int64_t fan) {
  return normal(0, fan > 0 ? std::sqrt(2 / static_cast<double>(fan)) : 0);
}

Module::Module(const Module &other) { copyFrom(other); }
Module::Module(Module &&other) { copyFrom(other); }
Module &Module::operator=(const Module &other) {
  if (this != &other) {
    copyFrom(other);
  }
  return *this;
}
Module::~Module() = default;

void Module::copyFrom(const Module &other) {
  states = other.states;
  unknownStates = other.unknownStates;
  detached = other.detached;
  childList.clear();
  for (const Child &child : other.childList) {
    detached |= !child.owner;
    if (child.owner) {
      childList.push_back(child);
    }
  }
}

Tensor Module::forward(Tensor x) {
  return fail(x, "the module has no forward that takes one tensor");
}

std::string Module::typeName() const {
  int status = 0;
  char *text = abi::__cxa_demangle(typeid(*this).name(), nullptr, nullptr, &status);
  std::string name = status == 0 ? text : typeid(*this).name();
  std::free(text);
  size_t last = name.rfind(':');
  return last == std::string::npos ? name : name.substr(last + 1);
}

Tensor Module::operator()(Tensor x) {
  detail::ScopeGuard scope(*this, x);
  return forward(std::move(x));
}

void Module::registerModule(const std::string &name, Module &child) {
  childList.push_back({name, &child, nullptr});
}

void Module::registerModule(const std::string &name, std::shared_ptr<Module> child) {
  Module *module = child.get();
  childList.push_back({name, module, std::move(child)});
}

void Module::registerParameter(const std::string &name, std::vector<int64_t> shape, Init init) {
  states.push_back({name, std::move(shape), init, true});
}

void Module::registerBuffer(const std::string &name, std::vector<int64_t> shape, Init init) {
  states.push_back({name, std::move(shape), init, false});
}

void Module::initialize(const std::string &name, Init init) {
  for (StateInfo &info : states) {
    if (info.name == name) {
      info.init = init;
      return;
    }
  }
  unknownStates.push_back(name);
}

Tensor Module::state(const std::string &name, const Tensor &like) const {
  if (!like.isValid()) {
    return Tensor();
  }
  auto path = like.recorder->paths.find(this);
  if (path == like.recorder->paths.end()) {
    return like.recorder->fail(
        "a " + typeName() + " is used that no module has registered; call registerModule for it");
  }
  Tensor found = like.recorder->find(path->second.empty() ? name : path->second + "." + name);
  return found.isValid() ? found
                         : like.recorder->fail("no parameter \"" + name + "\" is registered");
}

Tensor Module::fail(const Tensor &x, const std::string &message) const {
  return x.isValid() ? x.recorder->fail(message) : Tensor();
}

void Module::addLoss(const std::string &name, const Tensor &value, double weight) const {
  if (value.isValid()) {
    value.recorder->addLoss(name, value, weight);
  }
}

void Module::addMetric(const std::string &name, const Tensor &value) const {
  if (value.isValid()) {
    value.recorder->addMetric(name, value);
  }
}

namespace detail {

ScopeGuard::ScopeGuard(const Module &module, const Tensor &x) : recorder(x.recorder) {
  if (recorder) {
    auto path = recorder->paths.find(&module);
    recorder->enter(path == recorder->paths.end() ? recorder->currentPath() : path->second,
                    module.typeName());
  }
}

ScopeGuard::~ScopeGuard() {
  if (recorder) {
    recorder->leave();
  }
}

} // namespace detail

Sequential &Sequential::append(std::shared_ptr<Module> layer) {
  registerModule(std::to_string(children().size()), std::move(layer));
  return *this;
}

Tensor Sequential::forward(Tensor x) {
  for (const Child &child : children()) {
    x = (*child.module)(x);
  }
  return x;
}

} // namespace ntc::nn
