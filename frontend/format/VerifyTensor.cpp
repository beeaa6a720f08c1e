// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes are compared as counts of the bytes that are there; the dimensions are only ever
// multiplied.
#include "frontend/format/VerifyTensor.h"

#include "frontend/format/TensorType.h"

namespace ntc::format {
namespace {

/// Values in the typed field that ONNX assigns to the element type.
int64_t typedCount(const onnx::TensorProto &tensor) {
  switch (tensor.data_type()) {
  case onnx::TensorProto::FLOAT:
    return tensor.float_data_size();
  case onnx::TensorProto::DOUBLE:
    return tensor.double_data_size();
  case onnx::TensorProto::INT64:
    return tensor.int64_data_size();
  case onnx::TensorProto::UINT32:
  case onnx::TensorProto::UINT64:
    return tensor.uint64_data_size();
  default:
    return tensor.int32_data_size();
  }
}

int fieldsWithData(const onnx::TensorProto &tensor) {
  return (tensor.raw_data().size() > 0) + (tensor.float_data_size() > 0) +
         (tensor.double_data_size() > 0) + (tensor.int64_data_size() > 0) +
         (tensor.uint64_data_size() > 0) + (tensor.int32_data_size() > 0) +
         (tensor.string_data_size() > 0);
}

std::string dimsText(const google::protobuf::RepeatedField<int64_t> &dims) {
  return rt::shapeText({dims.data(), static_cast<size_t>(dims.size())});
}

} // namespace

std::string tensorProblem(const onnx::TensorProto &tensor) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size()) {
    return "its values are in external data, which is read for the initializers of the main graph "
           "only; save the model with the values inside (torch.onnx.export(…, "
           "external_data=False))";
  }
  if (tensor.has_segment()) {
    return "segmented tensors are not supported";
  }
  int64_t elementBytes = dtypeSize(tensor.data_type());
  if (elementBytes == 0) {
    return "element type " + dtypeName(tensor.data_type()) + " is not supported";
  }
  auto count = elementCount({tensor.dims().data(), static_cast<size_t>(tensor.dims_size())});
  int64_t bytes = 0;
  if (!count || tensor.dims_size() > 64 || __builtin_mul_overflow(*count, elementBytes, &bytes)) {
    return "dimensions " + dimsText(tensor.dims()) + " are negative or too large";
  }
  if (fieldsWithData(tensor) > 1) {
    return "its values are stored in more than one field";
  }
  auto rawBytes = static_cast<int64_t>(tensor.raw_data().size());
  if (rawBytes > 0 && rawBytes != bytes) {
    return rt::concat("dimensions ", dimsText(tensor.dims()), " of ", dtypeName(tensor.data_type()),
                      " need ", bytes, " bytes, found ", rawBytes);
  }
  if (rawBytes == 0 && typedCount(tensor) != *count) {
    return rt::concat("dimensions ", dimsText(tensor.dims()), " need ", *count, " values, found ",
                      typedCount(tensor));
  }
  return {};
}

std::string sparseProblem(const onnx::SparseTensorProto &tensor) {
  if (std::string problem = tensorProblem(tensor.values()); !problem.empty()) {
    return problem;
  }
  auto stored = elementCount(
      {tensor.values().dims().data(), static_cast<size_t>(tensor.values().dims_size())});
  if (tensor.values().dims_size() != 1 || stored != 0) {
    return "a sparse initializer with values is not supported; only zeros may be stored sparsely";
  }
  auto count = elementCount({tensor.dims().data(), static_cast<size_t>(tensor.dims_size())});
  int64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, dtypeSize(tensor.values().data_type()), &bytes)) {
    return "dimensions " + dimsText(tensor.dims()) + " are negative or too large";
  }
  return {};
}

} // namespace ntc::format
