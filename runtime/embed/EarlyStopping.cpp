// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop's memory of the best epoch as the installed header has it.
#include "ntc/train.hpp"
#include "runtime/embed/Border.h"
#include "runtime/train/EarlyStop.h"

#include <cmath>

namespace ntc::train {

class EarlyStopping::Impl {
public:
  explicit Impl(rt::train::EarlyStopSpec spec)
      : spec(std::move(spec)), best(this->spec.mode, this->spec.minDelta) {}

  rt::train::EarlyStopSpec spec;
  rt::train::BestEpoch best;
  bool isBest = false;
};

EarlyStopping::EarlyStopping(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EarlyStopping::EarlyStopping(EarlyStopping &&) noexcept = default;
EarlyStopping &EarlyStopping::operator=(EarlyStopping &&) noexcept = default;
EarlyStopping::~EarlyStopping() = default;

Result<EarlyStopping> EarlyStopping::create(const std::string &settings) {
  auto spec = rt::train::parseEarlyStop(settings);
  if (!spec) {
    return rt::embed::toPublic(withContext(spec.status(), "early stopping"));
  }
  return EarlyStopping(std::make_unique<Impl>(spec.take()));
}

bool EarlyStopping::step(double metric) {
  impl_->isBest = impl_->best.observe(metric);
  return impl_->best.waited() >= impl_->spec.patience;
}

bool EarlyStopping::isBest() const { return impl_->isBest; }
int64_t EarlyStopping::bestEpoch() const { return impl_->best.epoch(); }
double EarlyStopping::best() const { return impl_->best.best().value_or(NAN); }
const std::string &EarlyStopping::monitor() const { return impl_->spec.monitor; }

} // namespace ntc::train
