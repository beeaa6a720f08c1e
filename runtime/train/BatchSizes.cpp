// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Choosing among the compiled batch sizes.
#include "runtime/train/BatchSizes.h"

#include "runtime/base/File.h"

#include <algorithm>
#include <functional>
#include <set>
#include <unistd.h>
#include <vector>

namespace ntc::rt::train {
namespace {

bool contains(std::span<const int64_t> sizes, int64_t size) {
  return std::ranges::find(sizes, size) != sizes.end();
}

std::string listText(std::span<const int64_t> sizes) {
  std::string out;
  for (int64_t size : sizes) {
    out += concat(out.empty() ? "" : ", ", size);
  }
  return out.empty() ? "none" : out;
}

/// The model beside the artifact of a run, or what stands for the model where none lies there.
std::string sourceOf(const std::string &artifact) {
  const std::string source = folderOf(artifact) + "/model.pb";
  return artifact.ends_with("/model.so") && ::access(source.c_str(), R_OK) == 0 ? source : "MODEL";
}

/// The line that compiles the model for `sizes` and `more`; the training batch comes first. It
/// names the artifact only where its model is known: it may hold trained parameters, which the line
/// would replace.
std::string compileLine(std::span<const int64_t> sizes, std::initializer_list<int64_t> more,
                        const std::string &model) {
  std::set<int64_t, std::greater<>> all(sizes.begin(), sizes.end());
  all.insert(more.begin(), more.end());
  std::string list;
  for (int64_t size : all) {
    list += concat(list.empty() ? "" : ",", size);
  }
  const std::string source = sourceOf(model);
  return concat("'ntc compile ", source, " --batch-size=", list,
                source == "MODEL" ? "'" : concat(" -o ", model, "'"));
}

bool divides(std::span<const int64_t> sizes, int64_t samples, int64_t size) {
  const int64_t last = samples % size;
  return last == 0 || contains(sizes, last);
}

} // namespace

Result<int64_t> chooseTrainSize(std::span<const int64_t> sizes, std::optional<int64_t> requested,
                                std::span<const int64_t> recipe, const std::string &model) {
  if (sizes.empty()) {
    return error(Code::InvalidArgument, "the artifact has no training step");
  }
  if (requested) {
    if (contains(sizes, *requested)) {
      return *requested;
    }
    return error(Code::InvalidArgument, "the artifact has training steps for batch sizes ",
                 listText(sizes), ", found --batch-size ", *requested, "; compile it with ",
                 compileLine(sizes, {*requested}, model));
  }
  for (int64_t size : recipe) {
    if (contains(sizes, size)) {
      return size;
    }
  }
  return std::ranges::max(sizes);
}

Status checkLastBatch(std::span<const int64_t> sizes, int64_t samples, int64_t batchSize,
                      const std::string &what, const std::string &model) {
  if (divides(sizes, samples, batchSize)) {
    return Status::ok();
  }
  const int64_t last = samples % batchSize;
  return error(Code::InvalidArgument, "the last batch of ", what, " has ", last, " of ", samples,
               " samples, and the artifact has steps for batch sizes ", listText(sizes),
               " only; leave it out with --drop-last, or compile with ",
               compileLine(sizes, {batchSize, last}, model));
}

Result<int64_t> chooseEvalSize(std::span<const int64_t> sizes, int64_t samples,
                               std::optional<int64_t> requested, int64_t preferred, bool dropLast,
                               const std::string &what, const std::string &model) {
  if (sizes.empty()) {
    return error(Code::InvalidArgument, "the artifact has no evaluation step for ", what);
  }
  if (requested && !contains(sizes, *requested)) {
    return error(Code::InvalidArgument, "the artifact has evaluation steps for batch sizes ",
                 listText(sizes), ", found --batch-size ", *requested, "; compile it with ",
                 compileLine(sizes, {*requested}, model));
  }
  std::vector<int64_t> candidates(sizes.begin(), sizes.end());
  std::ranges::sort(candidates, std::greater<>());
  if (contains(sizes, preferred)) {
    candidates.insert(candidates.begin(), preferred);
  }
  if (requested) {
    candidates = {*requested};
  }
  for (int64_t size : candidates) {
    if (dropLast ? size <= samples : divides(sizes, samples, size)) {
      return size;
    }
  }
  if (dropLast) {
    return error(Code::InvalidArgument, what, " has ", samples,
                 " samples, fewer than the batch size ", candidates.front());
  }
  return checkLastBatch(sizes, samples, candidates.front(), what, model);
}

} // namespace ntc::rt::train
