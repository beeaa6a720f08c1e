// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiled programs of a sweep. Learning rate, decay and other hyperparameters, seeds and
// lengths do not change a program; what does (the network, the optimizer's kind, the batch size)
// makes one program per distinct setting.
#pragma once

#include "runtime/artifact/Artifact.h"
#include "runtime/train/Options.h"
#include "tools/ntc/ArtifactCache.h"
#include "tools/ntc/SweepSpec.h"

#include <map>
#include <memory>
#include <mutex>

namespace ntc::driver {

/// What a trial trains with.
struct SweepProgram {
  std::shared_ptr<const rt::artifact::Artifact> artifact;
  std::string path; ///< of the artifact
};

/// Makes programs when they are first asked for. Thread-safe.
class SweepPrograms {
public:
  /// `folder` is where models of a family are written. Both must outlive the programs.
  SweepPrograms(const Sweep &sweep, std::string folder)
      : sweep_(sweep), folder_(std::move(folder)) {}

  /// The program of a point, and the options of its runs: everything that the point and the sweep's
  /// options say, except folder, fold and threads. Errors: flags that do not exist or have wrong
  /// values, and what compiling says.
  rt::Result<SweepProgram> prepare(const rt::search::Point &point,
                                   rt::train::TrainOptions &options);

  /// How many programs had to be compiled rather than taken from the cache.
  size_t compiled() const { return compiled_; }

private:
  /// The sweep's options and the point's values by what they are for.
  struct Words {
    std::vector<std::string> family, step, train;
    std::map<std::string, double> controls;
  };
  rt::Result<Words> sort(const rt::search::Point &point) const;
  rt::Result<SweepProgram> make(const Words &words, const rt::train::TrainOptions &options);
  rt::Result<Model> load(const Words &words);

  const Sweep &sweep_;
  std::string folder_;
  std::mutex mutex_;
  std::map<std::string, SweepProgram> programs_; ///< by the words that change them
  std::vector<CompiledModel> owners_;            ///< of artifacts outside the cache
  size_t compiled_ = 0;
};

} // namespace ntc::driver
