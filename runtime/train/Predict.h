// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The verb predict: outputs of the model for every sample, in the data's order.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/Feed.h"
#include "runtime/train/Hooks.h"
#include "runtime/train/Options.h"
#include "runtime/train/Outputs.h"

#include <functional>
#include <memory>
#include <vector>

namespace ntc::rt::train {

/// A session's predict entry with its data.
struct PredictJob {
  std::shared_ptr<const data::Dataset> dataset; ///< prepared
  std::vector<std::string> classNames;          ///< of labels; empty: they have none
  std::vector<PredictOutput> outputs;
  std::unique_ptr<Feed> feed; ///< the last batch is padded
};

/// Opens and prepares options.data for the session; options.out does not count. Errors:
/// InvalidArgument for options that do not fit; the data's own.
Result<PredictJob> preparePredict(const exec::Session &session, const PredictOptions &options);

/// Takes the outputs of a batch, in the order of the job's, valid until it returns.
using PredictVisitor =
    std::function<Status(std::span<const exec::OutputView> views, const data::Batch &batch)>;

/// Predicts every batch in the data's order. Errors: the step's, the loader's, the visitor's;
/// Cancelled.
Status predictBatches(exec::Session &session, PredictJob &job, const PredictVisitor &visit,
                      Progress &progress, const Hooks &hooks);

struct PredictReport {
  int64_t samples = 0;
  double seconds = 0.0;
};

/// Writes predictions of a session that is open already to options.out, whose ending says the
/// format:
/// - .csv: a header, then one line per sample: `index,class,p0,p1,…` for a classifier,
///   `index,y0,y1,…` otherwise
/// - .jsonl: `{"index":0,"class":3,"probabilities":[…]}` or `{"index":0,"output":[…]}`
/// - .npy: the raw outputs, samples first, in the model's element type
///
/// A classifier is a model whose recipe has the loss cross_entropy (probabilities are the softmax
/// of the output) or nll (their exponential) and whose output is (B, V) with V >= 2; with
/// bce_with_logits the values are sigmoids, p0, p1, …. Probabilities are computed in f64 and
/// written with 6 digits. The last batch is padded, the padding dropped. The file appears whole or
/// not at all. Errors: InvalidArgument for options; Io; Cancelled.
Result<PredictReport> predictData(exec::Session &session, const PredictOptions &options,
                                  const Hooks &hooks);

/// The verb predict: opens options.model, then predictData.
Result<PredictReport> runPredict(const PredictOptions &options, const Hooks &hooks);

} // namespace ntc::rt::train
