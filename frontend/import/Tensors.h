// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors of a model file as MLIR types, attributes and bytes. Sizes are checked against the data
// that is really there before anything is allocated.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>

namespace ntc::importer {

/// No tensor of a program may have more elements than this.
inline constexpr int64_t kMaxElements = int64_t{1} << 34;
/// No tensor of a program may have more dimensions than this.
inline constexpr int64_t kMaxRank = 16;

/// The element type of an ONNX data type, f64 for every floating-point one when `f64`; null when it
/// is not supported.
mlir::Type elementTypeOf(int32_t dtype, bool f64, mlir::MLIRContext *context);

/// The type of a tensor of these dimensions; null and a sentence in `why` when a dimension is
/// negative or the sizes exceed the limits above.
mlir::RankedTensorType tensorType(llvm::ArrayRef<int64_t> shape, mlir::Type element,
                                  std::string &why);

/// A decoded tensor: row-major, little endian, in the element type's storage (one byte per i1).
struct HostTensor {
  mlir::RankedTensorType type;
  std::string bytes;

  /// The attribute with these values; a splat where all are equal.
  mlir::DenseElementsAttr attribute() const;
  /// True when all elements have the same bytes; false for an empty tensor.
  bool isSplat() const;
};

/// Decodes dense data. Fails with a sentence in `why`: external data, unsupported type, sizes that
/// do not match.
std::optional<HostTensor> decode(const onnx::TensorProto &tensor, bool f64,
                                 mlir::MLIRContext *context, std::string &why);

/// An attribute of `type` with all elements equal to `value` (integers: truncated).
mlir::DenseElementsAttr splatAttribute(mlir::RankedTensorType type, double value);

/// The elements as integers, when the element type is an integer and there are at most `limit`.
std::optional<llvm::SmallVector<int64_t>> intsOf(mlir::DenseElementsAttr attribute,
                                                 int64_t limit = 4096);
/// The only element as a number.
std::optional<double> scalarOf(mlir::DenseElementsAttr attribute);
/// An integer tensor; `values` has as many elements as `shape` says.
mlir::DenseElementsAttr intsAttribute(llvm::ArrayRef<int64_t> values, llvm::ArrayRef<int64_t> shape,
                                      mlir::Type element);

} // namespace ntc::importer
