// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of batches; see Batch.h.
#include "runtime/exec/Batch.h"

#include "runtime/base/CheckedMath.h"

#include <algorithm>

namespace ntc::rt::exec {

namespace {

/// Position in a row-major tensor as "[2, 5]".
std::string indexText(std::span<const int64_t> shape, uint64_t element) {
  std::vector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d > 0; --d) {
    auto dimension = static_cast<uint64_t>(shape[d - 1]);
    index[d - 1] = static_cast<int64_t>(element % dimension);
    element /= dimension;
  }
  return shapeText(index);
}

/// The loop has no branch that depends on the data, so that it costs little beside the step; which
/// element is wrong is looked up only when one is.
template <typename T>
Status checkClasses(const artifact::InputSpec &spec, const void *data, uint64_t count) {
  const T *values = static_cast<const T *>(data);
  auto classes = static_cast<uint64_t>(spec.classes);
  auto isBad = [&](T value) {
    auto wide = static_cast<int64_t>(value);
    return (static_cast<uint64_t>(wide) >= classes) & (wide != spec.ignoreIndex);
  };
  bool bad = false;
  for (uint64_t i = 0; i < count; ++i) {
    bad |= isBad(values[i]);
  }
  if (!bad) {
    return Status::ok();
  }
  const T *first = std::find_if(values, values + count, isBad);
  return error(Code::InvalidArgument, "class ", static_cast<int64_t>(*first), " at ",
               indexText(spec.shape, static_cast<uint64_t>(first - values)), " is outside [0, ",
               spec.classes, ") and is not the ignored index ", spec.ignoreIndex);
}

Status checkBools(const artifact::InputSpec &spec, const void *data, uint64_t count) {
  const auto *values = static_cast<const uint8_t *>(data);
  uint8_t all = 0;
  for (uint64_t i = 0; i < count; ++i) {
    all |= values[i];
  }
  if (all <= 1) {
    return Status::ok();
  }
  const uint8_t *first = std::find_if(values, values + count, [](uint8_t v) { return v > 1; });
  return error(Code::InvalidArgument, "the bool at ",
               indexText(spec.shape, static_cast<uint64_t>(first - values)), " is ", *first,
               ", expected 0 or 1");
}

Status checkValues(const artifact::InputSpec &spec, const void *data, uint64_t count) {
  if (spec.dtype == DType::Bool) {
    return checkBools(spec, data, count);
  }
  if (spec.classes == 0) {
    return Status::ok();
  }
  switch (spec.dtype) {
  case DType::I32:
    return checkClasses<int32_t>(spec, data, count);
  case DType::I64:
    return checkClasses<int64_t>(spec, data, count);
  case DType::U8:
    return checkClasses<uint8_t>(spec, data, count);
  default:
    return error(Code::Internal, "classes on ", nameOf(spec.dtype));
  }
}

Status checkTensor(const artifact::InputSpec &spec, const TensorView &view) {
  if (view.dtype != spec.dtype) {
    return error(Code::InvalidArgument, "expected ", nameOf(spec.dtype), ", found ",
                 nameOf(view.dtype));
  }
  if (!std::ranges::equal(view.shape, spec.shape)) {
    return error(Code::InvalidArgument, "expected shape ", shapeText(spec.shape), ", found ",
                 shapeText(view.shape));
  }
  uint64_t count = *elementCount(spec.shape); // checked with the manifest
  if (count == 0) {
    return Status::ok();
  }
  if (view.data == nullptr) {
    return error(Code::InvalidArgument, "its data is null");
  }
  if (reinterpret_cast<uintptr_t>(view.data) % sizeOf(spec.dtype) != 0) {
    return error(Code::InvalidArgument, "its data is not aligned to ", sizeOf(spec.dtype),
                 " bytes");
  }
  return checkValues(spec, view.data, count);
}

std::string inputNames(const artifact::EntrySpec &entry) {
  std::string names;
  for (const artifact::InputSpec &input : entry.inputs) {
    names += concat(names.empty() ? "" : ", ", input.name);
  }
  return names;
}

/// The tensor for input `position`: the one of its name, or of its place when the batch has no
/// names.
const TensorView *findTensor(const artifact::EntrySpec &entry, std::span<const TensorView> batch,
                             size_t position) {
  const std::string &name = entry.inputs[position].name;
  if (batch[position].name.empty() || batch[position].name == name) {
    return &batch[position];
  }
  auto found = std::ranges::find(batch, std::string_view(name), &TensorView::name);
  return found == batch.end() ? nullptr : &*found;
}

} // namespace

std::optional<int64_t> batchSizeOf(std::span<const TensorView> batch) {
  bool known = !batch.empty() && !batch[0].shape.empty();
  return known ? std::optional(batch[0].shape[0]) : std::nullopt;
}

Status checkBatch(const artifact::EntrySpec &entry, std::span<const TensorView> batch,
                  std::span<const void *> addresses) {
  if (batch.size() != entry.inputs.size()) {
    return error(Code::InvalidArgument, entry.name, ": expected ", entry.inputs.size(),
                 " tensors (", inputNames(entry), "), found ", batch.size());
  }
  for (const TensorView &view : batch) {
    if (view.name.empty() != batch[0].name.empty()) {
      return error(Code::InvalidArgument, entry.name,
                   ": some tensors have names and some have none; give all or none");
    }
  }
  for (size_t i = 0; i < entry.inputs.size(); ++i) {
    const TensorView *view = findTensor(entry, batch, i);
    if (view == nullptr) {
      return error(Code::InvalidArgument, entry.name, ": input '", entry.inputs[i].name,
                   "' is missing; expected ", inputNames(entry));
    }
    if (Status status = checkTensor(entry.inputs[i], *view); !status) {
      return withContext(status, entry.name, ": input '", entry.inputs[i].name, "'");
    }
    addresses[i] = view->data;
  }
  return Status::ok();
}

} // namespace ntc::rt::exec
