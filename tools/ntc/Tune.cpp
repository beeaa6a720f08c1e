// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Three rounds: passes left out for the whole program; then, in all kernels at once, tiles of other
// sizes, and choices left out. A kernel keeps a variant if its own calls are faster by more than
// the noise, twice. At the end the whole is timed against the program without tuning.
#include "tools/ntc/Tune.h"

#include "codegen/cpu/CpuTarget.h"
#include "tools/ntc/ArtifactCache.h"
#include "tools/ntc/MeasuredProgram.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <numeric>

namespace ntc::driver {
namespace {

using schedule::KernelTuning;
using Clock = std::chrono::steady_clock;
using Problem = std::optional<ModelProblem>;

/// What is faster by less than this is noise.
constexpr double kNoise = 0.03;
/// What is learned must gain this much of the step: sums in another order are not for nothing.
constexpr double kWorthwhile = 0.01;
/// Kernels that take less of the step than this are left as they are.
constexpr double kLeastShare = 0.005;
/// A pass is not left out where the program would take more memory than this, against before.
constexpr double kMostMemory = 1.25;
/// The part of the time that passes of the whole program may take.
constexpr double kProgramShare = 0.4;
/// Of one comparison; a longer step is compared for longer.
constexpr double kLeastComparison = 0.25;
/// A comparison takes no more of the search's time than this, unless single steps do.
constexpr double kMostOfTime = 0.01;
/// How much longer the whole is compared at the end.
constexpr double kLastWord = 3;
constexpr double kStepsPerComparison = 30;

/// Passes that weigh one thing against another, those that change most first. What saves memory
/// (update-in-place, reuse-slots) or always gains (simplify) is not tried.
constexpr std::array<std::string_view, 9> kPasses = {
    "choose-layouts",   "sparse-pool-gradients",  "join-dispatches",
    "pipeline-updates", "choose-owners",          "split-strided-gradients",
    "read-padded",      "merge-small-dispatches", "fuse-elementwise"};

/// Rows and columns of tiles, by how many vector registers there are.
constexpr std::array<std::pair<int, int>, 10> kTilesOf32 = {
    {{12, 2}, {6, 4}, {8, 3}, {14, 1}, {14, 2}, {5, 5}, {9, 3}, {4, 6}, {7, 4}, {24, 1}}};
constexpr std::array<std::pair<int, int>, 6> kTilesOf16 = {
    {{6, 2}, {4, 3}, {3, 4}, {12, 1}, {5, 2}, {2, 6}}};

std::string percent(double part) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f %%", 100 * part);
  return text;
}

std::string microseconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f us", seconds * 1e6);
  return text;
}

/// One way to emit kernels.
struct Variant {
  std::string name;
  std::string leaveOut;          ///< a choice, or empty
  int64_t rows = 0, columns = 0; ///< a tile, or 0
};

/// A program as one tuning compiles it.
struct Candidate {
  Tuning tuning;
  std::vector<CompiledKernel> kernels;
  std::optional<MeasuredProgram> program;
};

/// The entry of `tuning` for a kernel, made where there is none.
KernelTuning &entryOf(Tuning &tuning, const std::string &key) {
  auto found = std::ranges::find(tuning.kernels, key, &KernelTuning::kernel);
  return found != tuning.kernels.end() ? *found
                                       : tuning.kernels.emplace_back(KernelTuning{key, {}, 0, 0});
}

void apply(const Variant &variant, KernelTuning &entry) {
  if (!variant.leaveOut.empty() &&
      std::ranges::find(entry.leaveOut, variant.leaveOut) == entry.leaveOut.end()) {
    entry.leaveOut.push_back(variant.leaveOut);
  }
  if (variant.rows != 0) {
    entry.rows = variant.rows;
    entry.columns = variant.columns;
  }
}

class Search {
public:
  Search(const Model &model, const CompileOptions &options, const TuneRequest &request)
      : model_(model), options_(options), request_(request), begin_(Clock::now()) {}

  Problem run(Tuning &learned) {
    auto folder = TemporaryFolder::create();
    if (!folder) {
      return ModelProblem{{folder.status().message()}, kFailed};
    }
    folder_ = folder.take();
    Tuning none = options_.tuning;
    none.leaveOut.clear();
    none.kernels.clear();
    if (Problem problem = compile(none, untuned_)) {
      return problem;
    }
    if (Problem problem = begin()) {
      return problem;
    }
    for (auto round : {&Search::tryPasses, &Search::tryTiles, &Search::tryChoices}) {
      if (Problem problem = (this->*round)()) {
        return problem;
      }
    }
    return verify(learned);
  }

private:
  const Model &model_;
  const CompileOptions &options_;
  const TuneRequest &request_;
  Clock::time_point begin_;
  TemporaryFolder folder_;
  Candidate untuned_, best_;
  double comparison_ = kLeastComparison; ///< seconds of each program
  double trial_ = 0;                     ///< seconds that the last trial took

  double spent() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

  /// Is there time for one more trial before `share` of the time is over?
  bool goesOn(double share = 1) const {
    return !(request_.stop && *request_.stop) && spent() + trial_ < share * request_.seconds;
  }

  Problem compile(const Tuning &tuning, Candidate &out) {
    Problem problem = build(tuning, out);
    return problem ? problem : open(out);
  }

  Problem build(const Tuning &tuning, Candidate &out) {
    CompileOptions options = options_;
    options.tuning = tuning;
    out = Candidate{tuning, {}, std::nullopt};
    if (auto error = compileModel(model_.proto, options, path(), nullptr, nullptr, &out.kernels)) {
      return problemOf(*error);
    }
    return std::nullopt;
  }

  /// Of the program that is looked at. Its file goes once it is open: a session has all of it.
  std::string path() const { return folder_.path() + "/model.so"; }

  Problem open(Candidate &out) {
    const auto &sizes = options_.batchSizes;
    auto program =
        MeasuredProgram::open(path(), sizes.empty() ? std::nullopt : std::optional(sizes[0]));
    std::error_code ignored;
    std::filesystem::remove(path(), ignored);
    std::filesystem::remove(path() + ".safetensors", ignored);
    if (!program) {
      return ModelProblem{{concat("cannot measure: ", program.status().message())}, kFailed};
    }
    out.program.emplace(program.take());
    return std::nullopt;
  }

  /// Times `a` and `b` in turns.
  Problem compare(Candidate &a, Candidate &b, Timed what, LeastTimes &ofA, LeastTimes &ofB) {
    if (Status status = timeInTurns(*a.program, *b.program, comparison_, what); !status) {
      return ModelProblem{{status.message()}, kFailed};
    }
    ofA = a.program->least();
    ofB = b.program->least();
    return std::nullopt;
  }

  /// The program to begin with: as the file says, or untuned.
  Problem begin() {
    if (Problem problem = compile(options_.tuning, best_)) {
      return problem;
    }
    LeastTimes none, start;
    if (Problem problem = compare(untuned_, best_, Timed::Steps, none, start)) {
      return problem;
    }
    comparison_ = std::max(kLeastComparison, std::min(kStepsPerComparison * none.step,
                                                      kMostOfTime * request_.seconds));
    note(concat("tuning ", model_.name, ": a step takes ", microseconds(none.step),
                options_.tuning.isEmpty()
                    ? std::string()
                    : concat(", with what the file says ", microseconds(start.step))));
    return std::nullopt;
  }

  bool mayLeaveOut(std::string_view name, const std::vector<std::string> &already) const {
    auto info = std::ranges::find_if(pipelines::kOptimizations, [&](const auto &known) {
      return known.name == llvm::StringRef(name);
    });
    auto isNamed = [&](std::string_view disabled) {
      disabled.remove_prefix(disabled.starts_with("ntc-") ? 4 : 0);
      return disabled == name;
    };
    return info->level <= options_.level &&
           std::ranges::none_of(options_.disabledPasses, isNamed) &&
           std::ranges::find(already, name) == already.end();
  }

  // --- The program as a whole

  Problem tryPasses() {
    for (std::string_view pass : kPasses) {
      if (!goesOn(kProgramShare)) {
        break;
      }
      if (mayLeaveOut(pass, best_.tuning.leaveOut)) {
        if (Problem problem = tryPass(pass)) {
          return problem;
        }
      }
    }
    return std::nullopt;
  }

  Problem tryPass(std::string_view pass) {
    const double before = spent();
    Tuning tuning = best_.tuning;
    tuning.leaveOut.emplace_back(pass);
    Candidate candidate;
    if (Problem problem = compile(tuning, candidate)) {
      return problem;
    }
    const uint64_t had = best_.program->arenaBytes(), takes = candidate.program->arenaBytes();
    double gain = 1;
    for (int time = 0; time < 2 && gain > kNoise; ++time) {
      LeastTimes old, tried;
      if (Problem problem = compare(best_, candidate, Timed::Steps, old, tried)) {
        return problem;
      }
      gain = std::min(gain, 1 - tried.step / old.step);
    }
    trial_ = spent() - before;
    const bool fits = static_cast<double>(takes) <= kMostMemory * static_cast<double>(had);
    note(concat("  without ", pass, ": ", percent(std::abs(gain)), gain > 0 ? " less" : " more",
                " time",
                gain <= kNoise ? ""
                : fits         ? ", kept; a session takes " + bytesText(takes)
                               : ", but a session would take " + bytesText(takes)));
    if (gain > kNoise && fits) {
      best_ = std::move(candidate);
    }
    return std::nullopt;
  }

  // --- Inside of kernels

  Problem tryTiles() {
    auto target = codegen::cpu::CpuTarget::create(options_.mcpu);
    const bool many = target && target->registers >= 32;
    llvm::consumeError(target.takeError());
    std::vector<Variant> variants;
    auto add = [&](std::pair<int, int> tile) {
      variants.push_back(
          {concat("tiles of ", tile.first, " x ", tile.second), "", tile.first, tile.second});
    };
    many ? std::ranges::for_each(kTilesOf32, add) : std::ranges::for_each(kTilesOf16, add);
    return tryVariants(variants);
  }

  Problem tryChoices() {
    std::vector<Variant> variants;
    for (const pipelines::OptimizationInfo &info : pipelines::kOptimizations) {
      if (info.choice && mayLeaveOut(info.name.str(), {})) {
        variants.push_back({concat("without ", info.name.str()), info.name.str(), 0, 0});
      }
    }
    return tryVariants(variants);
  }

  /// The fastest variant of a kernel so far.
  struct Found {
    double gain = kNoise; ///< part of the kernel's time
    double seconds = 0;   ///< of a step
    const Variant *variant = nullptr;
  };

  /// Every variant in all kernels; then each kernel with its best one.
  Problem tryVariants(const std::vector<Variant> &variants) {
    std::map<std::string, Found> found;
    for (const Variant &variant : variants) {
      if (!goesOn()) {
        break;
      }
      if (Problem problem = tryVariant(variant, found)) {
        return problem;
      }
    }
    return found.empty() ? std::nullopt : takeFound(found);
  }

  Problem tryVariant(const Variant &variant, std::map<std::string, Found> &found) {
    const double before = spent();
    Tuning tuning = best_.tuning;
    for (const CompiledKernel &kernel : best_.kernels) {
      apply(variant, entryOf(tuning, kernel.key));
    }
    Candidate candidate;
    if (Problem problem = build(tuning, candidate)) {
      return problem;
    }
    if (changed(candidate) == 0) {
      return std::nullopt;
    }
    if (Problem problem = open(candidate)) {
      return problem;
    }
    std::map<std::string, Found> faster;
    if (Problem problem = fasterKernels(candidate, faster)) {
      return problem;
    }
    double seconds = 0;
    for (auto &[key, now] : faster) {
      Found &known = found[key];
      seconds += now.seconds;
      if (now.gain > known.gain) {
        known = now;
        known.variant = &variant;
      }
    }
    trial_ = spent() - before;
    note(concat("  ", variant.name, ": other code for ", changed(candidate), " of ",
                best_.kernels.size(), " kernels, ", faster.size(), " faster",
                faster.empty() ? "" : ", by " + microseconds(seconds)));
    return std::nullopt;
  }

  /// How many kernels of `candidate` have other code than those of the best program so far.
  size_t changed(const Candidate &candidate) const {
    size_t count = 0;
    for (size_t i = 0; i < best_.kernels.size(); ++i) {
      count += best_.kernels[i].code != candidate.kernels[i].code;
    }
    return count;
  }

  /// Kernels that are faster in `candidate` than in the best program so far, seen twice.
  Problem fasterKernels(Candidate &candidate, std::map<std::string, Found> &faster) {
    for (int time = 0; time < 2; ++time) {
      LeastTimes old, tried;
      if (Problem problem = compare(best_, candidate, Timed::Calls, old, tried)) {
        return problem;
      }
      const double step = std::reduce(old.kernels.begin(), old.kernels.end());
      std::map<std::string, Found> seen;
      for (size_t i = 0; i < best_.kernels.size(); ++i) {
        const std::string &key = best_.kernels[i].key;
        const double gain = 1 - tried.kernels[i] / std::max(old.kernels[i], 1e-12);
        const bool counts = best_.kernels[i].code != candidate.kernels[i].code &&
                            old.kernels[i] > kLeastShare * step && gain > kNoise;
        auto before = faster.find(key);
        if (counts && (time == 0 || before != faster.end())) {
          Found now{gain, old.kernels[i] - tried.kernels[i], nullptr};
          seen[key] = time == 0 || gain < before->second.gain ? now : before->second;
        }
      }
      faster = std::move(seen);
      if (faster.empty()) {
        break;
      }
    }
    return std::nullopt;
  }

  /// Gives kernels what was found, and keeps that where they are faster still, all together.
  Problem takeFound(std::map<std::string, Found> &found) {
    const size_t all = found.size();
    for (bool isSure = false; !isSure && !found.empty();) {
      Tuning tuning = best_.tuning;
      for (const auto &[key, variant] : found) {
        apply(*variant.variant, entryOf(tuning, key));
      }
      Candidate candidate;
      std::map<std::string, Found> faster;
      if (Problem problem = compile(tuning, candidate)) {
        return problem;
      }
      if (Problem problem = fasterKernels(candidate, faster)) {
        return problem;
      }
      isSure =
          std::erase_if(found, [&](const auto &one) { return !faster.contains(one.first); }) == 0;
      if (isSure) {
        best_ = std::move(candidate);
      }
    }
    note(concat("  each kernel with the best of these: ", found.size(), " of ", all,
                " kernels are faster still, and keep it"));
    return std::nullopt;
  }

  // --- The end

  /// What was learned, if it is worth anything.
  Problem verify(Tuning &learned) {
    LeastTimes none, tuned;
    comparison_ *= kLastWord;
    if (!best_.tuning.isEmpty()) {
      if (Problem problem = compare(untuned_, best_, Timed::Steps, none, tuned)) {
        return problem;
      }
    }
    if (best_.tuning.isEmpty() || tuned.step > (1 - kWorthwhile) * none.step) {
      note("tuning found nothing that makes the step faster by 1 %");
      learned = withoutThisProgram();
      return std::nullopt;
    }
    learned = best_.tuning;
    note(concat("tuned: a step takes ", microseconds(tuned.step), " instead of ",
                microseconds(none.step), ", ", percent(1 - tuned.step / none.step),
                " less; sums may run in another order than without tuning"));
    return std::nullopt;
  }

  /// What the file said of kernels of other programs.
  Tuning withoutThisProgram() const {
    Tuning rest = untuned_.tuning;
    std::ranges::copy_if(options_.tuning.kernels, std::back_inserter(rest.kernels),
                         [&](const KernelTuning &entry) {
                           return std::ranges::find(best_.kernels, entry.kernel,
                                                    &CompiledKernel::key) == best_.kernels.end();
                         });
    return rest;
  }
};

} // namespace

std::optional<ModelProblem> tune(const Model &model, CompileOptions &options,
                                 const TuneRequest &request) {
  Tuning learned;
  if (auto problem = Search(model, options, request).run(learned)) {
    return problem;
  }
  learned.processor = options.tuning.processor;
  learned.model = model.name;
  options.tuning = std::move(learned);
  return std::nullopt;
}

} // namespace ntc::driver
