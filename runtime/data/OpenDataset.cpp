// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The factory of data sets and the rules of binding.
#include "runtime/data/OpenDataset.h"

#include "runtime/data/ClassNames.h"
#include "runtime/data/CsvDataset.h"
#include "runtime/data/GraphDataset.h"
#include "runtime/data/ImageDataset.h"
#include "runtime/data/LibraryDataset.h"
#include "runtime/data/NpzDataset.h"
#include "runtime/data/PictureFiles.h"
#include "runtime/data/SequenceDataset.h"
#include "runtime/data/SyntheticDataset.h"
#include "runtime/data/TensorFile.h"
#include "runtime/data/TextDataset.h"
#include "runtime/data/TokenStream.h"

#include <algorithm>
#include <numeric>
#include <unistd.h>

namespace ntc::rt::data {
namespace {

/// Where Debian's package dataset-fashion-mnist puts its files.
constexpr const char *kFashionMnistFolder = "/usr/share/datasets/fashion-mnist";
constexpr int64_t kMnistClasses = 10;

Result<std::unique_ptr<Dataset>> openFashionMnist(const DataSource &source, Split split) {
  std::string folder = source.place.empty() ? kFashionMnistFolder : source.place;
  if (source.place.empty() && ::access(kFashionMnistFolder, F_OK) != 0) {
    return error(Code::NotFound, "data 'fashion-mnist': no folder '", kFashionMnistFolder,
                 "'; install Debian's package dataset-fashion-mnist or write ",
                 "'fashion-mnist:DIR' with the folder of your own copy");
  }
  return openIdxFolder(source, folder, split, kMnistClasses, fashionMnistNames());
}

std::optional<bool> targetIsClass(std::span<const artifact::InputSpec> inputs) {
  for (const artifact::InputSpec &input : inputs) {
    if (input.isTarget) {
      return input.classes > 0 || (input.dtype != DType::F32 && input.dtype != DType::F64);
    }
  }
  return std::nullopt;
}

Result<std::unique_ptr<Dataset>> openWhole(const DataSource &source, Split split,
                                           std::span<const artifact::InputSpec> inputs,
                                           const Known &known) {
  if (source.scheme == "fashion-mnist") {
    return openFashionMnist(source, split);
  }
  if (source.scheme == "mnist") {
    return openIdxFolder(source, source.place, split, kMnistClasses);
  }
  if (source.scheme == "idx") {
    Result<int64_t> classes = source.integer("classes", 0, 1, 256);
    return classes ? openIdxFolder(source, source.place, split, *classes) : classes.status();
  }
  if (source.scheme == "cifar10") {
    return openCifar10(source, split);
  }
  if (source.scheme == "cifar100") {
    return openCifar100(source, split);
  }
  if (source.scheme == "imagefolder") {
    return openImageFolder(source, known.classes);
  }
  if (source.scheme == "imagelist") {
    return openImageList(source, known.classes);
  }
  if (source.scheme == "csv") {
    const bool isF32 =
        std::ranges::find(inputs, DType::F32, &artifact::InputSpec::dtype) != inputs.end();
    return openCsv(source, targetIsClass(inputs), known.table.get(), isF32);
  }
  if (source.scheme == "safetensors") {
    return openSafetensors(source, inputs);
  }
  if (source.scheme == "text") {
    return openText(source, known.classes);
  }
  if (source.scheme == "tokens") {
    return openTokens(source);
  }
  if (source.scheme == "sequences") {
    return openSequences(source, known.classes, known.characters);
  }
  if (source.scheme == "graphs") {
    return openGraphs(source, split);
  }
  if (source.scheme == "library") {
    return openLibrary(source);
  }
  if (source.scheme == "npz") {
    return openNpz(source, inputs);
  }
  if (source.scheme == "npy") {
    return openNpy(source);
  }
  return openSynthetic(source, inputs);
}

std::vector<int64_t> withoutOnes(std::span<const int64_t> shape) {
  std::vector<int64_t> out;
  std::ranges::copy_if(shape, std::back_inserter(out), [](int64_t dim) { return dim != 1; });
  return out;
}

/// Whether values of one shape may be read as the other: equal up to dimensions of size 1, or one
/// is flat.
bool shapesFit(std::span<const int64_t> have, std::span<const int64_t> want) {
  std::vector<int64_t> a = withoutOnes(have), b = withoutOnes(want);
  if (a == b) {
    return true;
  }
  auto product = [](const std::vector<int64_t> &shape) {
    return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  };
  return std::min(a.size(), b.size()) == 1 && product(a) == product(b);
}

/// Whether `found` are the first of `known` in their order, so that each has the number that it has
/// there; sets without names say nothing.
Status checkNames(std::span<const std::string> found, std::span<const std::string> known,
                  std::string_view what, const std::string &name) {
  const size_t most = known.empty() ? 0 : found.size();
  for (size_t i = 0; i < most; ++i) {
    if (i >= known.size() || found[i] != known[i]) {
      return error(Code::InvalidArgument, "data '", name, "': its ", what, " ", i, " is ",
                   quoted(found[i]), ", in the training data ",
                   i < known.size() ? quoted(known[i]) : "there is none",
                   "; give the text of the data instead of the opened set, which is then read as ",
                   "the training data was");
    }
  }
  return Status::ok();
}

std::vector<std::string> columnNames(const TableLayout &layout) {
  std::vector<std::string> out;
  for (const TableColumn &column : layout.columns) {
    out.push_back(column.name);
  }
  return out;
}

std::string fieldText(const Field &field) {
  std::string out = concat(field.isTarget ? "target " : "input ", quoted(field.name), " ",
                           nameOf(field.dtype), shapeText(field.shape));
  return field.classes > 0 ? concat(out, " of ", field.classes, " classes") : out;
}

/// The field for each input: by name if all are there, else by role and order; size() where there
/// is none.
std::vector<size_t> chooseFields(const Dataset &dataset,
                                 std::span<const artifact::InputSpec> inputs) {
  std::span<const Field> fields = dataset.fields();
  std::vector<size_t> chosen;
  for (const artifact::InputSpec &input : inputs) {
    auto it = std::ranges::find(fields, input.name, &Field::name);
    chosen.push_back(static_cast<size_t>(it - fields.begin()));
  }
  if (std::ranges::find(chosen, fields.size()) == chosen.end()) {
    return chosen;
  }
  size_t next[2] = {0, 0};
  for (size_t i = 0; i < inputs.size(); ++i) {
    size_t &at = next[inputs[i].isTarget];
    while (at < fields.size() && fields[at].isTarget != inputs[i].isTarget) {
      ++at;
    }
    chosen[i] = at;
    at = std::min(at + 1, fields.size());
  }
  return chosen;
}

Status checkFit(const Field &field, const artifact::InputSpec &input, const std::string &name) {
  std::span<const int64_t> want =
      std::span(input.shape).subspan(std::min<size_t>(1, input.shape.size()));
  if (!shapesFit(field.shape, want)) {
    return error(Code::InvalidArgument, "data '", name, "': the model's input ", quoted(input.name),
                 " expects samples of shape ", shapeText(want), ", found ", fieldText(field));
  }
  if (field.classes > 0 && input.classes > 0 && field.classes > input.classes) {
    return error(Code::InvalidArgument, "data '", name, "': the model's input ", quoted(input.name),
                 " expects labels from 0 to ", input.classes - 1, ", found labels up to ",
                 field.classes - 1);
  }
  if (!canConvert(field, input.dtype)) {
    return error(Code::InvalidArgument, "data '", name, "': the model's input ", quoted(input.name),
                 " expects ", nameOf(input.dtype), ", found ", fieldText(field));
  }
  return Status::ok();
}

/// The transforms that bring pictures to what an input expects; empty where none do.
std::string transformHint(const PictureField &pictures, const artifact::InputSpec &input) {
  if (input.shape.size() != 4 || (input.shape[1] != 1 && input.shape[1] != 3)) {
    return {};
  }
  const int64_t channels = input.shape[1], height = input.shape[2], width = input.shape[3];
  const bool isSize = pictures.size.height == height && pictures.size.width == width;
  const std::string side = concat(height, ", ", width);
  const std::string gray =
      pictures.channels == channels ? "" : concat("Grayscale(", channels, "), ");
  return concat("; --transform '", gray, isSize ? "" : concat("Resize((", side, ")), "),
                "ToTensor()' brings them to it");
}

} // namespace

Result<std::shared_ptr<const Dataset>> openDataset(const DataSource &source, Split fallback,
                                                   std::span<const artifact::InputSpec> inputs,
                                                   const Known &known) {
  Result<Split> split = source.split(fallback);
  if (!split) {
    return split.status();
  }
  Result<std::unique_ptr<Dataset>> whole = openWhole(source, *split, inputs, known);
  if (!whole) {
    return whole.status();
  }
  std::shared_ptr<const Dataset> dataset = whole.take();
  if (source.scheme == "synthetic" || !source.find("samples")) {
    return dataset;
  }
  Result<int64_t> samples = source.integer("samples", 0, 1, dataset->size());
  if (!samples) {
    return samples.status();
  }
  std::vector<int64_t> rows(static_cast<size_t>(*samples));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  return std::shared_ptr<const Dataset>(
      std::make_shared<SubsetDataset>(std::move(dataset), std::move(rows)));
}

Known knownOf(const Dataset &training) {
  Known out{{training.classNames().begin(), training.classNames().end()},
            nullptr,
            {training.characters().begin(), training.characters().end()}};
  if (const TableLayout *layout = training.table()) {
    out.table = std::make_shared<TableFit>(
        TableFit{*layout, std::vector<ColumnFit>(layout->columns.size())});
  }
  return out;
}

Status checkKnown(const Dataset &dataset, const Known &known, const std::string &name) {
  Status status = checkNames(dataset.classNames(), known.classes, "class", name);
  status = status ? checkNames(dataset.characters(), known.characters, "character", name) : status;
  if (!status || !known.table || !dataset.table()) {
    return status;
  }
  const TableLayout &found = *dataset.table(), &trained = known.table->layout;
  if (Status names = checkNames(columnNames(found), columnNames(trained), "column", name); !names) {
    return names;
  }
  if (found.columns.size() < trained.columns.size()) {
    return error(Code::InvalidArgument, "data '", name, "' has no column ",
                 quoted(trained.columns[found.columns.size()].name),
                 ", which is one of the model's inputs");
  }
  for (size_t i = 0; i < found.columns.size() && status; ++i) {
    const TableColumn &column = found.columns[i], &other = trained.columns[i];
    status = checkNames(column.categories, other.categories,
                        concat("column ", quoted(column.name), ", category"), name);
    if (status && column.categories.size() != other.categories.size()) {
      status = error(Code::InvalidArgument, "data '", name, "': column ", quoted(column.name),
                     " has ", column.categories.size(), " categories, in the training data ",
                     other.categories.size(), "; give the text of the data instead of the opened ",
                     "set, which is then read as the training data was");
    }
  }
  return status;
}

Result<std::vector<Binding>> bindInputs(const Dataset &dataset,
                                        std::span<const artifact::InputSpec> inputs,
                                        const std::string &name) {
  std::span<const Field> fields = dataset.fields();
  std::vector<size_t> chosen = chooseFields(dataset, inputs);
  std::vector<Binding> out;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (chosen[i] >= fields.size()) {
      std::string have;
      for (const Field &field : fields) {
        have += concat(have.empty() ? "" : ", ", fieldText(field));
      }
      return error(Code::InvalidArgument, "data '", name, "' has nothing for the model's ",
                   inputs[i].isTarget ? "target " : "input ", quoted(inputs[i].name), "; it has ",
                   have);
    }
    if (Status status = checkFit(fields[chosen[i]], inputs[i], name); !status) {
      const auto pictures = dataset.pictures();
      return pictures && pictures->field == chosen[i]
                 ? error(status.code(), status.message(), transformHint(*pictures, inputs[i]))
                 : status;
    }
    out.push_back({chosen[i], inputs[i].dtype});
  }
  return out;
}

Result<std::vector<Binding>> bindModelInputs(const Dataset &dataset,
                                             std::span<const artifact::InputSpec> inputs,
                                             const std::string &name) {
  std::vector<artifact::InputSpec> wanted;
  std::ranges::copy_if(inputs, std::back_inserter(wanted),
                       [](const artifact::InputSpec &input) { return !input.isTarget; });
  return bindInputs(dataset, wanted, name);
}

} // namespace ntc::rt::data
