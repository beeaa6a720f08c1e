// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a library's struct to a data set, checked.
#include "runtime/data/LibraryDataset.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/base/Utf8.h"
#include "runtime/data/WholeNumbers.h"

#include <algorithm>
#include <dlfcn.h>
#include <unistd.h>

namespace ntc::rt::data {
namespace {

constexpr size_t kMostFields = 1024;
constexpr size_t kMostClassNames = size_t{1} << 24;
constexpr int32_t kMostRank = 8;
constexpr uint64_t kMostFieldBytes = uint64_t{1} << 40;

struct CloseLibrary {
  void operator()(void *library) const { ::dlclose(library); }
};
using Library = std::unique_ptr<void, CloseLibrary>;

std::optional<DType> dtypeOf(ntc_dtype_t dtype) {
  switch (dtype) {
  case NTC_F32:
    return DType::F32;
  case NTC_F64:
    return DType::F64;
  case NTC_I32:
    return DType::I32;
  case NTC_I64:
    return DType::I64;
  case NTC_U8:
    return DType::U8;
  case NTC_BOOL:
    return DType::Bool;
  case NTC_F16:
    return DType::F16;
  case NTC_BF16:
    return DType::BF16;
  }
  return std::nullopt;
}

class LibraryDataset : public Dataset {
public:
  /// `who` is what messages call it.
  LibraryDataset(std::string who, Library library, const ntc_dataset_t &dataset)
      : who_(std::move(who)), library_(std::move(library)), dataset_(dataset) {}
  ~LibraryDataset() override {
    if (dataset_.destroy) {
      dataset_.destroy(dataset_.self);
    }
  }

  /// Copies and checks the description. Errors: Corrupt.
  Status describe() {
    if (dataset_.size < 1 || !dataset_.get || dataset_.field_count < 1 || !dataset_.fields ||
        dataset_.field_count > kMostFields) {
      return bad("expected at least one sample, one field and a function 'get', found ",
                 dataset_.size, " samples and ", dataset_.field_count, " fields");
    }
    for (size_t i = 0; i < dataset_.field_count; ++i) {
      if (Status status = addField(dataset_.fields[i], i); !status) {
        return status;
      }
    }
    // Inputs come first; each remembers its place in the library's order.
    std::ranges::stable_sort(order_, {}, [this](size_t at) { return all_[at].isTarget; });
    for (size_t at : order_) {
      fields_.push_back(all_[at]);
    }
    if (dataset_.class_count > kMostClassNames) {
      return bad("more than ", kMostClassNames, " names of classes");
    }
    for (size_t i = 0; i < dataset_.class_count; ++i) {
      const char *name = dataset_.class_names ? dataset_.class_names[i] : nullptr;
      if (!name || !isUtf8(name)) {
        return bad("the name of class ", i, " is missing or not UTF-8");
      }
      classNames_.emplace_back(name);
    }
    return Status::ok();
  }

  int64_t size() const override { return dataset_.size; }
  std::span<const Field> fields() const override { return fields_; }
  bool isCostly() const override { return true; }
  std::span<const std::string> classNames() const override { return classNames_; }

  Status readRows(size_t field, std::span<const int64_t> rows, DType dtype, std::byte *destination,
                  const Reading &) const override {
    const Field &own = fields_[field];
    const int64_t count = own.elements();
    std::vector<std::max_align_t> value(
        static_cast<size_t>(count) * ntc::rt::sizeOf(own.dtype) / sizeof(std::max_align_t) + 1);
    auto *bytes = reinterpret_cast<std::byte *>(value.data());
    std::vector<void *> outputs(dataset_.field_count);
    outputs[order_[field]] = bytes;
    for (int64_t row : rows) {
      if (const char *problem = dataset_.get(dataset_.self, row, outputs.data())) {
        return bad("sample ", row, ": ", problem);
      }
      if (Status status = checkLabels(own, bytes, row); !status) {
        return status;
      }
      convertValues(own.dtype, bytes, dtype, destination, count);
      destination += static_cast<size_t>(count) * ntc::rt::sizeOf(dtype);
    }
    return Status::ok();
  }

private:
  template <typename... Parts> Status bad(const Parts &...parts) const {
    return error(Code::Corrupt, who_, ": ", parts...);
  }

  Status addField(const ntc_field_t &given, size_t at) {
    const std::string name = given.name ? given.name : "";
    const auto dtype = dtypeOf(given.dtype);
    if (name.empty() || !isUtf8(name) ||
        std::ranges::find(all_, name, &Field::name) != all_.end()) {
      return bad("field ", at, " needs a name of its own in UTF-8, found ", quoted(name));
    }
    if (!dtype || given.rank < 0 || given.rank > kMostRank || (given.rank > 0 && !given.shape)) {
      return bad("field ", quoted(name), " needs an element type and from 0 to ", kMostRank,
                 " dimensions, found ", given.rank);
    }
    Field field{name, *dtype, {}, given.is_target != 0, given.classes};
    std::optional<uint64_t> bytes = ntc::rt::sizeOf(*dtype);
    for (int32_t i = 0; i < given.rank; ++i) {
      const int64_t side = given.shape[i];
      bytes = bytes && side > 0 ? checkedMul(*bytes, static_cast<uint64_t>(side)) : std::nullopt;
      field.shape.push_back(side);
    }
    if (!bytes || *bytes > kMostFieldBytes) {
      return bad("field ", quoted(name), " cannot have shape ", shapeText(field.shape));
    }
    if (field.classes < 0 || field.classes > INT32_MAX || (field.classes > 0 && !isWhole(*dtype))) {
      return bad("field ", quoted(name), " cannot be a label of ", field.classes, " classes and ",
                 nameOf(*dtype), "; labels are i64, i32 or u8");
    }
    order_.push_back(at);
    all_.push_back(std::move(field));
    return Status::ok();
  }
  using Dataset::nameOf;
  static std::string_view nameOf(DType dtype) { return ntc::rt::nameOf(dtype); }

  Status checkLabels(const Field &field, const std::byte *values, int64_t row) const {
    if (field.classes == 0) {
      return Status::ok();
    }
    const int64_t count = field.elements();
    std::vector<int64_t> labels(static_cast<size_t>(count));
    convertValues(field.dtype, values, DType::I64, reinterpret_cast<std::byte *>(labels.data()),
                  count);
    auto wrong = std::ranges::find_if(
        labels, [&](int64_t label) { return label < 0 || label >= field.classes; });
    return wrong == labels.end() ? Status::ok()
                                 : bad("sample ", row, ": expected labels ", quoted(field.name),
                                       " from 0 to ", field.classes - 1, ", found ", *wrong);
  }

  std::string who_;
  Library library_; ///< outlives the rest: `destroy` is its code
  ntc_dataset_t dataset_;
  std::vector<Field> all_;    ///< in the library's order
  std::vector<Field> fields_; ///< inputs first
  std::vector<size_t> order_; ///< places of `fields_` in the library's order
  std::vector<std::string> classNames_;
};

} // namespace

Result<std::unique_ptr<Dataset>> openLibrary(const DataSource &source) {
  // A bare name would be looked for among the system's libraries.
  const std::string &place = source.place;
  const std::string path = place.find('/') == std::string::npos ? "./" + place : place;
  if (::access(path.c_str(), F_OK) != 0) {
    return error(Code::NotFound, "data '", source.text, "': there is no library '", place, "'");
  }
  Library library(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) {
    const char *problem = ::dlerror();
    return error(Code::Io, "data '", source.text, "': ", problem ? problem : "cannot be loaded");
  }
  auto *open =
      reinterpret_cast<decltype(&ntc_dataset_open)>(::dlsym(library.get(), "ntc_dataset_open"));
  if (!open) {
    return error(Code::Corrupt, "data library '", place,
                 "' exports no function 'ntc_dataset_open' (see ntc/dataset.h)");
  }
  ntc_dataset_t described{};
  described.struct_size = sizeof(described);
  const std::string *argument = source.find("argument");
  if (const char *problem = open(argument ? argument->c_str() : "", &described)) {
    return error(Code::Corrupt, "data library '", place, "': ", problem);
  }
  auto dataset = std::make_unique<LibraryDataset>(concat("data library '", place, "'"),
                                                  std::move(library), described);
  Status status = dataset->describe();
  return status ? Result<std::unique_ptr<Dataset>>(std::move(dataset)) : status;
}

Result<std::unique_ptr<Dataset>> adoptDataset(const ntc_dataset_t &described, std::string name) {
  auto dataset =
      std::make_unique<LibraryDataset>(concat("data '", name, "'"), Library(), described);
  Status status = dataset->describe();
  return status ? Result<std::unique_ptr<Dataset>>(std::move(dataset)) : status;
}

} // namespace ntc::rt::data
