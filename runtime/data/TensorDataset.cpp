// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From pointers and shapes to checked arrays.
#include "runtime/data/TensorDataset.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/base/Utf8.h"
#include "runtime/data/WholeNumbers.h"

#include <algorithm>

namespace ntc::rt::data {
namespace {

/// Arrays of which one may hold pictures.
class TensorDataset : public ArrayDataset {
public:
  TensorDataset(int64_t samples, std::vector<Array> arrays)
      : ArrayDataset(samples, std::move(arrays)) {
    for (size_t i = 0; i < fields().size() && !pictures_; ++i) {
      pictures_ = picturesOf(i, fields()[i]);
    }
  }

  std::optional<PictureField> pictures() const override { return pictures_; }
  Status readPicture(int64_t row, Bytes &picture) const override {
    const auto *pixels = reinterpret_cast<const uint8_t *>(sample(pictures_->field, row));
    picture.channels = pictures_->channels;
    picture.size = pictures_->size;
    picture.values.assign(pixels, pixels + fields()[pictures_->field].elements());
    return Status::ok();
  }

private:
  static std::optional<PictureField> picturesOf(size_t at, const Field &field) {
    const std::vector<int64_t> &shape = field.shape;
    const bool isPlane = shape.size() == 2;
    const bool isPicture = isPlane || (shape.size() == 3 && (shape[0] == 1 || shape[0] == 3));
    if (field.isTarget || field.dtype != DType::U8 || !isPicture || field.elements() == 0) {
      return std::nullopt;
    }
    return PictureField{at, isPlane ? 1 : shape[0], {shape[shape.size() - 2], shape.back()}};
  }

  std::optional<PictureField> pictures_;
};

/// One tensor, checked, with its own number of samples.
Result<ArrayDataset::Array> arrayOf(const SampleTensor &tensor, int64_t samples,
                                    const std::string &name) {
  Field field = tensor.field;
  const std::span<const int64_t> shape = tensor.field.shape;
  auto bad = [&](const auto &...parts) {
    return error(Code::InvalidArgument, "data '", name, "': tensor ", quoted(field.name), " ",
                 parts...);
  };
  if (field.name.empty() || !isUtf8(field.name)) {
    return bad("needs a name in UTF-8");
  }
  const bool isPositive = std::ranges::all_of(shape, [](int64_t side) { return side > 0; });
  const size_t element = sizeOf(field.dtype);
  const auto bytes = isPositive ? byteSize(shape, element) : std::nullopt;
  if (shape.empty() || element == 0 || !bytes || *bytes > PTRDIFF_MAX) {
    return bad("needs an element type and a shape of samples first, found ", nameOf(field.dtype),
               shapeText(shape));
  }
  if (shape[0] != samples) {
    return bad("has ", shape[0], " samples, the first tensor has ", samples);
  }
  if (!tensor.values) {
    return bad("has no values");
  }
  if (!tensor.copied && reinterpret_cast<uintptr_t>(tensor.values) % element != 0) {
    return bad("is borrowed, but its values are not aligned to ", element, " bytes");
  }
  const std::span values(static_cast<const uint8_t *>(tensor.values), *bytes);
  if (field.dtype == DType::Bool &&
      std::ranges::any_of(values, [](uint8_t byte) { return byte > 1; })) {
    return bad("of bool should hold bytes 0 and 1");
  }
  if (field.isTarget) {
    const int64_t classes = classesOf(field.dtype, values);
    if (field.classes != 0 && (classes == 0 || classes > field.classes)) {
      return bad("should hold labels from 0 to ", field.classes - 1, " as i64, i32 or u8, found ",
                 nameOf(field.dtype), classes > 0 ? concat(" up to ", classes - 1) : "");
    }
    field.classes = field.classes == 0 ? classes : field.classes;
  } else {
    field.classes = 0;
  }
  field.shape.erase(field.shape.begin());
  ArrayDataset::Array out{std::move(field), {}, tensor.values};
  if (tensor.copied) {
    out.values.assign(values.begin(), values.end());
    out.borrowed = nullptr;
  }
  return out;
}

} // namespace

Result<std::unique_ptr<Dataset>> openTensors(std::span<const SampleTensor> tensors,
                                             std::vector<std::string> classNames,
                                             const std::string &name) {
  if (tensors.empty() || tensors[0].field.shape.empty()) {
    return error(Code::InvalidArgument, "data '", name, "' needs at least one tensor of samples");
  }
  const int64_t samples = tensors[0].field.shape[0];
  std::vector<ArrayDataset::Array> arrays;
  for (const SampleTensor &tensor : tensors) {
    Result<ArrayDataset::Array> array = arrayOf(tensor, samples, name);
    if (!array) {
      return array.status();
    }
    for (const ArrayDataset::Array &other : arrays) {
      if (other.field.name == array->field.name) {
        return error(Code::InvalidArgument, "data '", name, "' has two tensors named ",
                     quoted(other.field.name));
      }
    }
    arrays.push_back(array.take());
  }
  std::ranges::stable_sort(arrays, {},
                           [](const ArrayDataset::Array &array) { return array.field.isTarget; });
  auto out = std::make_unique<TensorDataset>(samples, std::move(arrays));
  out->setClassNames(std::move(classNames));
  return std::unique_ptr<Dataset>(std::move(out));
}

} // namespace ntc::rt::data
