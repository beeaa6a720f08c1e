// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From DATA to a data set, and from a data set's fields to a model's inputs.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/base/Status.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"
#include "runtime/data/TableFit.h"

namespace ntc::rt::data {

/// What a model's training data said about later data.
struct Known {
  std::vector<std::string> classes;      ///< names of labels in their order; empty: unknown
  std::shared_ptr<const TableFit> table; ///< null: unknown
  std::vector<std::string> characters{}; ///< in the order of their tokens; empty: unknown
};

/// Opens and checks the data that `source` names. `fallback` is the split where the source does not
/// say; `inputs` are those of the model, of which `synthetic` takes its shapes, `csv` its task and
/// `npz` its names; they may be empty where the model is unknown. With `known`, classes and columns
/// are those of the training data, or an error; a fit is not applied yet (TableFit.h). Errors:
/// InvalidArgument for the source's options, NotFound, Io, Corrupt for the files.
Result<std::shared_ptr<const Dataset>> openDataset(const DataSource &source, Split fallback,
                                                   std::span<const artifact::InputSpec> inputs,
                                                   const Known &known = {});

/// What a whole training set says before anything is fitted: its classes, and its table with
/// columns as they are. Opening other data with it finds the samples that a run would.
Known knownOf(const Dataset &training);

/// Whether a set that was opened without `known` means the same by its columns, labels and
/// characters: a model that was trained with `known` reads no other. Errors (InvalidArgument): the
/// first difference. `name` is the data's for messages.
Status checkKnown(const Dataset &dataset, const Known &known, const std::string &name);

/// Which field of a data set feeds an input, and as what type.
struct Binding {
  size_t field = 0;
  DType dtype = DType::F32; ///< the input's
};

/// Binds every input of an entry to a field: by name if the set has all of the names, else inputs
/// to inputs and targets to targets in their order. A field fits if `canConvert` says so and its
/// shape is the input's without the batch dimension, up to dimensions of size 1 or flattened to one
/// dimension. Checks classes. Errors name the input, what it expects and what the set has. `name`
/// is the data's text for messages.
Result<std::vector<Binding>> bindInputs(const Dataset &dataset,
                                        std::span<const artifact::InputSpec> inputs,
                                        const std::string &name);

/// As bindInputs, for the inputs that are no targets only; a set without targets is fine (predict).
Result<std::vector<Binding>> bindModelInputs(const Dataset &dataset,
                                             std::span<const artifact::InputSpec> inputs,
                                             const std::string &name);

} // namespace ntc::rt::data
