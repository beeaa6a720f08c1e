// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trials asked for and told, over the runtime's samplers and halving.
#include "ntc/search.hpp"
#include "runtime/embed/Border.h"
#include "runtime/search/Halving.h"
#include "runtime/search/Sampler.h"

#include <algorithm>
#include <deque>

namespace ntc::search {
namespace {

using rt::Code;
using rt::error;
using rt::embed::toPublic;
using RtState = rt::search::TrialState;

rt::search::Space spaceOf(const std::vector<Parameter> &space) {
  rt::search::Space out;
  for (const Parameter &parameter : space) {
    out.push_back({parameter.name, static_cast<rt::search::Kind>(parameter.kind), parameter.low,
                   parameter.high, parameter.log, parameter.step, parameter.choices,
                   parameter.gridPoints});
  }
  return out;
}

State toPublic(RtState state) {
  return state == RtState::Running    ? State::Running
         : state == RtState::Paused   ? State::Paused
         : state == RtState::Complete ? State::Complete
                                      : State::Failed;
}

} // namespace

class Study::Impl {
public:
  Impl(rt::search::Space space, const StudyOptions &options, std::vector<int64_t> rungs)
      : space_(std::move(space)), options_(options), rungs_(std::move(rungs)),
        sampler_(rt::search::makeSampler(static_cast<rt::search::Method>(options.sampler), space_,
                                         options.seed, options.maximize)) {
    if (options.halving) {
      halving_ =
          rt::search::HalvingOptions{options.halving->minEpochs, options.halving->maxEpochs,
                                     options.halving->factor, options.halving->isAsynchronous};
    }
  }

  std::optional<Trial> ask() {
    if (!again_.empty()) {
      const size_t at = again_.front();
      again_.pop_front();
      return describe(at);
    }
    bool isBegun = options_.trials > 0 && std::ssize(trials_) >= options_.trials;
    std::optional<rt::search::Point> point;
    if (!isBegun) {
      point = sampler_->suggest(std::ssize(trials_), trials_);
      isBegun = !point;
    }
    if (halving_) {
      const auto promoted =
          rt::search::promote(trials_, rungs_.size(), *halving_, options_.maximize, isBegun);
      if (promoted) {
        trials_[*promoted].state = RtState::Running;
        return describe(*promoted);
      }
    }
    if (!point) {
      return std::nullopt;
    }
    trials_.push_back({std::ssize(trials_), std::move(*point)});
    return describe(trials_.size() - 1);
  }

  Status tell(int64_t number, double value, const std::string *failure) {
    if (number < 0 || number >= std::ssize(trials_)) {
      return toPublic(error(Code::NotFound, "the study has no trial ", number));
    }
    rt::search::Trial &trial = trials_[static_cast<size_t>(number)];
    if (trial.state != RtState::Running) {
      return toPublic(error(Code::InvalidArgument, "trial ", number, " does not run"));
    }
    std::erase(again_, static_cast<size_t>(number));
    if (failure || !std::isfinite(value)) {
      trial.state = RtState::Failed;
      trial.message = failure ? *failure : rt::concat("the objective is ", value);
      return {NTC_OK, {}};
    }
    trial.rungs.push_back(value);
    trial.state = trial.rungs.size() < rungs_.size() ? RtState::Paused : RtState::Complete;
    return {NTC_OK, {}};
  }

  Status restore(const std::vector<Trial> &trials) {
    if (!trials_.empty()) {
      return toPublic(error(Code::InvalidArgument, "the study has begun already"));
    }
    std::vector<rt::search::Trial> restored;
    std::deque<size_t> again;
    for (const Trial &trial : trials) {
      auto next = restore(trial, std::ssize(restored));
      if (!next) {
        return toPublic(next.status());
      }
      if (next->state == RtState::Running) {
        again.push_back(restored.size());
      }
      restored.push_back(next.take());
    }
    trials_ = std::move(restored);
    again_ = std::move(again);
    return {NTC_OK, {}};
  }

  std::vector<Trial> trials() const {
    std::vector<Trial> out;
    for (size_t i = 0; i < trials_.size(); ++i) {
      out.push_back(describe(i));
    }
    return out;
  }

  std::optional<Trial> best() const {
    std::optional<size_t> best;
    for (size_t i = 0; i < trials_.size(); ++i) {
      const rt::search::Trial &trial = trials_[i];
      const bool isTold = trial.state != RtState::Failed && !trial.rungs.empty();
      if (isTold && (!best || rt::search::isBetter(trial, trials_[*best], options_.maximize))) {
        best = i;
      }
    }
    return best ? std::optional(describe(*best)) : std::nullopt;
  }

private:
  Trial describe(size_t at) const {
    const rt::search::Trial &trial = trials_[at];
    Trial out{trial.number, toPublic(trial.state), {}, {}, 0, trial.rungs, trial.message};
    for (size_t i = 0; i < space_.size(); ++i) {
      out.point.emplace_back(space_[i].name, trial.point[i]);
      out.texts.push_back(rt::search::valueText(space_[i], trial.point[i]));
    }
    if (halving_) {
      out.epochs = rungs_[std::min(trial.rungs.size(), rungs_.size() - 1)];
    }
    return out;
  }

  rt::Result<rt::search::Trial> restore(const Trial &trial, int64_t number) const {
    rt::search::Trial out{number};
    for (size_t i = 0; i < space_.size(); ++i) {
      const rt::search::Parameter &parameter = space_[i];
      const double value = trial.real(parameter.name);
      const double most = parameter.kind == rt::search::Kind::Choice
                              ? static_cast<double>(parameter.choices.size()) - 1.0
                              : parameter.high;
      const double least = parameter.kind == rt::search::Kind::Choice ? 0.0 : parameter.low;
      if (!(value >= least && value <= most)) {
        return error(Code::InvalidArgument, "trial ", trial.number, ": ",
                     rt::quoted(parameter.name), " should lie between ", least, " and ", most,
                     ", found ", value);
      }
      out.point.push_back(value);
    }
    if (trial.number != number || trial.values.size() > rungs_.size()) {
      return error(Code::InvalidArgument, "expected trial ", number, " with at most ",
                   rungs_.size(), " values, found trial ", trial.number, " with ",
                   trial.values.size());
    }
    out.rungs = trial.values;
    out.message = trial.message;
    out.state = trial.state == State::Failed          ? RtState::Failed
                : trial.state == State::Running       ? RtState::Running
                : trial.values.size() < rungs_.size() ? RtState::Paused
                                                      : RtState::Complete;
    return out;
  }

  rt::search::Space space_;
  StudyOptions options_;
  std::vector<int64_t> rungs_; ///< epochs; one of 0 without halving
  std::optional<rt::search::HalvingOptions> halving_;
  std::unique_ptr<rt::search::Sampler> sampler_;
  std::vector<rt::search::Trial> trials_;
  std::deque<size_t> again_; ///< restored ones that ran
};

Study::Study(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Study::Study(Study &&) noexcept = default;
Study &Study::operator=(Study &&) noexcept = default;
Study::~Study() = default;

Result<Study> Study::create(const std::vector<Parameter> &space, const StudyOptions &options) {
  rt::search::Space inner = spaceOf(space);
  if (rt::Status status = rt::search::checkSpace(inner); !status) {
    return toPublic(status);
  }
  if (options.trials < 0 || (options.halving && options.trials == 0)) {
    return toPublic(error(Code::InvalidArgument, "a study needs a number of trials",
                          options.halving ? " for halving" : "", ", found ", options.trials));
  }
  if (options.sampler == Sampler::Grid && !rt::search::gridSize(inner)) {
    return toPublic(error(Code::InvalidArgument, "the grid has more than 2^31 points"));
  }
  std::vector<int64_t> rungs = {0};
  if (options.halving) {
    auto made = rt::search::rungsOf({options.halving->minEpochs, options.halving->maxEpochs,
                                     options.halving->factor, options.halving->isAsynchronous});
    if (!made) {
      return toPublic(made.status());
    }
    rungs = made.take();
  }
  return Study(std::make_unique<Impl>(std::move(inner), options, std::move(rungs)));
}

std::optional<Trial> Study::ask() { return impl_->ask(); }
Status Study::tell(int64_t number, double value) { return impl_->tell(number, value, nullptr); }
Status Study::fail(int64_t number, const std::string &message) {
  return impl_->tell(number, 0.0, &message);
}
Status Study::restore(const std::vector<Trial> &trials) { return impl_->restore(trials); }
std::vector<Trial> Study::trials() const { return impl_->trials(); }
std::optional<Trial> Study::best() const { return impl_->best(); }

} // namespace ntc::search
