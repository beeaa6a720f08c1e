// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two artifacts side by side on the same batches.
#include "runtime/data/OpenDataset.h"
#include "runtime/exec/Session.h"
#include "runtime/train/Feed.h"
#include "tools/ntc/Diff.h"

#include <algorithm>

namespace ntc::driver {
namespace {

using rt::artifact::Artifact;
using rt::artifact::EntryKind;
using rt::exec::Session;
using rt::train::Feed;

/// One side: a session and its batches.
struct Side {
  std::unique_ptr<Session> session;
  std::unique_ptr<Feed> feed;
};

Result<std::unique_ptr<Session>> openSession(const std::string &path, uint64_t seed) {
  auto artifact = Artifact::open(path);
  if (!artifact) {
    return artifact.status();
  }
  rt::exec::SessionOptions options;
  options.seed = static_cast<int64_t>(seed & INT64_MAX);
  return Session::create(artifact.take(), options);
}

Result<int64_t> commonSize(const Session &a, const Session &b, std::optional<int64_t> wanted) {
  const std::vector<int64_t> first = a.batchSizes(EntryKind::TrainStep);
  const std::vector<int64_t> second = b.batchSizes(EntryKind::TrainStep);
  for (auto size = first.rbegin(); size != first.rend(); ++size) {
    if (std::ranges::find(second, *size) != second.end() && (!wanted || *wanted == *size)) {
      return *size;
    }
  }
  return rt::error(Code::InvalidArgument, "the artifacts have no training step of ",
                   wanted ? concat("batch size ", *wanted) : "a common batch size",
                   " that both could run");
}

Status makeFeed(Side &side, int64_t size, int64_t steps) {
  const auto *entry = side.session->entry(EntryKind::TrainStep, size);
  auto source = rt::data::DataSource::parse(concat("synthetic?samples=", size * steps));
  if (!source) {
    return source.status();
  }
  auto data = rt::data::openDataset(*source, rt::data::Split::Train, entry->inputs);
  if (!data) {
    return data.status();
  }
  auto feed = Feed::create(*side.session, EntryKind::TrainStep, data.take(), "synthetic",
                           {.batchSize = size, .shuffle = false});
  if (!feed) {
    return feed.status();
  }
  side.feed = feed.take();
  side.feed->loader().start(0, 0);
  return Status::ok();
}

std::vector<NamedTensor> statesOf(Session &session) {
  std::vector<NamedTensor> out;
  for (const auto &state : session.manifest().states) {
    out.push_back({state.name, state.shape, asDoubles(state.dtype, session.stateBytes(state))});
  }
  return out;
}

/// One step; its metrics as means.
Result<std::vector<NamedTensor>> step(Side &side) {
  const rt::data::Batch *batch = side.feed->loader().next();
  if (!batch) {
    return rt::error(Code::Internal, "the random batches ended early");
  }
  auto result = side.session->trainStep(side.feed->views(*batch));
  if (!result) {
    return result.status();
  }
  std::vector<NamedTensor> out;
  for (const rt::exec::Metric &metric : result->metrics) {
    out.push_back({std::string(metric.name), {}, {metric.sum / metric.count}});
  }
  return out;
}

} // namespace

Status diffArtifacts(const std::string &a, const std::string &b, const DiffOptions &options,
                     DiffReport &report) {
  Side sides[2];
  const std::string paths[2] = {a, b};
  for (size_t i = 0; i < 2; ++i) {
    auto session = openSession(paths[i], options.seed);
    if (!session) {
      return session.status();
    }
    sides[i].session = session.take();
  }
  Result<int64_t> size = commonSize(*sides[0].session, *sides[1].session, options.batchSize);
  if (!size) {
    return size.status();
  }
  for (Side &side : sides) {
    if (Status status = makeFeed(side, *size, options.steps); !status) {
      return status;
    }
  }
  report.compare("after init", statesOf(*sides[0].session), statesOf(*sides[1].session));
  for (int64_t i = 1; i <= options.steps && report.isEqual(); ++i) {
    auto first = step(sides[0]);
    auto second = step(sides[1]);
    if (!first || !second) {
      return first ? second.status() : first.status();
    }
    report.compare(concat("step ", i), *first, *second);
    report.compare(concat("after step ", i), statesOf(*sides[0].session),
                   statesOf(*sides[1].session));
  }
  return Status::ok();
}

} // namespace ntc::driver
