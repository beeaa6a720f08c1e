// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The manifest of an artifact: everything that the runtime knows about a compiled program besides
// its machine code. The compiler fills the structs and serializes them into the ELF section
// `.ntc.manifest`; the runtime deserializes and checks them before the file is opened as code.
// Docs: docs/formats/artifact.md.
#pragma once

#include "runtime/base/DType.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ntc::rt::artifact {

/// Bumped whenever the bytes change meaning or what they may hold, such as a new kind of entry; a
/// reader refuses every other version by name.
inline constexpr uint32_t kManifestVersion = 4;

/// What a named state tensor is for; checkpoints and `ntc plan` group by it.
enum class Role : uint8_t { Parameter, Buffer, Moment, Counter };

/// What an entry computes. `Init` has no batch.
enum class EntryKind : uint8_t {
  Init,
  TrainStep,
  EvalStep,
  Predict,
  Accumulate,
  Average,
  UpdateBn
};

/// One named tensor that outlives a step. Row-major.
struct StateSpec {
  std::string name; ///< `state_dict` name, or `optimizer.<slot>.<parameter>`
  std::string of;   ///< for a moment: the parameter that it belongs to; else empty
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  Role role = Role::Parameter;
  uint64_t offset = 0;    ///< bytes from the arena's start
  uint64_t sizeBytes = 0; ///< elements times element size
};

/// A value that the host sets between steps. It lives in the arena's control block as f64, i64 for
/// seed and step.
struct ControlSpec {
  std::string name; ///< "lr", "weight_decay", …; "seed" and "step" are always there
  bool isInteger = false;
  double defaultValue = 0.0;
  uint64_t offset = 0; ///< bytes from the arena's start; 8 bytes wide
};

/// One tensor of a batch, borrowed from the caller for the time of a step. Row-major.
struct InputSpec {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape; ///< the batch size is shape[0]
  int64_t classes = 0;        ///< > 0: every element must lie in [0, classes) or equal ignoreIndex
  int64_t ignoreIndex = -100;
  bool isTarget = false; ///< a label or regression target rather than an input of the model
};

/// One result of an entry, in the arena until the next step.
struct OutputSpec {
  std::string name;      ///< metric name, or the model's output name for predict
  bool isMetric = false; ///< shape is empty; the host accumulates sum and count over steps
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  uint64_t offset = 0;      ///< metric: the sum
  uint64_t countOffset = 0; ///< metric: the denominator (same dtype); unused otherwise
};

enum class OperandKind : uint8_t { Arena, Input };

/// Where a kernel's operand lives.
struct OperandSpec {
  OperandKind kind = OperandKind::Arena;
  uint64_t value = 0; ///< Arena: byte offset; Input: index into the entry's inputs
};

/// One kernel call of an entry's plan. The groups are split into one contiguous range per thread:
/// thread t of T computes [G*t/T, G*(t+1)/T).
struct CallSpec {
  std::string name; ///< layers and work that the dispatch came from, e.g. "fc1+relu"
  uint32_t kernel = 0;
  std::vector<OperandSpec> operands;
  uint32_t groupCount = 1;
  bool barrierAfter = true; ///< the next call reads or overwrites what this one touches
  uint64_t flops = 0;
  uint64_t bytes = 0; ///< bytes read and written, each operand counted once
};

struct EntrySpec {
  std::string name; ///< "init", "train_step.b32", "train_step.b32.epoch3", "predict.b32"
  EntryKind kind = EntryKind::Init;
  int64_t batchSize = 0;
  /// Train steps and accumulations: the number of epochs before the first that runs this entry
  /// instead of another of its kind and batch size with a smaller number; 0: from the first on.
  int64_t fromEpoch = 0;
  std::vector<InputSpec> inputs;
  std::vector<OutputSpec> outputs;
  std::vector<CallSpec> calls;
};

/// Imported weights. Small values are in the manifest, large ones in a safetensors file beside the
/// artifact.
struct InitialValue {
  uint32_t state = 0;
  std::vector<uint8_t> bytes; ///< empty: take the tensor of the state's name from `weightsFile`
};

/// A slot of the arena, for `ntc plan` and for the runtime's check mode.
struct SlotSpec {
  std::string name;
  std::string role; ///< parameter, buffer, moment, counter, gradient, activation, control
  uint32_t entry = 0xffffffffu; ///< index of the entry; 0xffffffff: lives in all of them
  uint64_t offset = 0;
  uint64_t sizeBytes = 0;
  uint32_t liveBegin = 0;   ///< index of the first call that touches it
  uint32_t liveEnd = 0;     ///< index of the last call that touches it
  DType dtype = DType::F32; ///< of its elements; U8 for a workspace
};

struct Manifest {
  std::string ntcVersion;
  std::string modelName;
  std::string programHash; ///< SHA-256 (hex) over the program: names, shapes, dtypes, roles, step
  std::string cpu;         ///< what --mcpu resolved to
  std::vector<std::string> cpuFeatures; ///< instruction sets that the kernels use, e.g. "avx512f"
  std::string precision;                ///< "f32", "f64", "bf16"
  bool flushDenormals = true;
  uint64_t arenaBytes = 0; ///< the one device allocation of a session; multiple of 64
  uint32_t kernelCount = 0;
  std::vector<StateSpec> states;
  std::vector<ControlSpec> controls;
  std::vector<EntrySpec> entries;
  std::vector<InitialValue> initialValues;
  std::string weightsFile;   ///< file name beside the artifact, or empty
  std::string weightsSha256; ///< hex, of that file
  std::vector<SlotSpec> slots;
  std::string trainSpecJson;    ///< ntc.TrainSpec in protobuf's JSON form
  std::vector<uint8_t> modelPb; ///< model.pb without weight data
};

/// Serializes to the bytes of `.ntc.manifest`: magic, version, length, SHA-256 of the payload,
/// payload. Deterministic.
std::vector<uint8_t> serialize(const Manifest &manifest);

/// Parses and checks hostile bytes: magic, version, checksum, bounds of every offset, operand and
/// index. Errors: Corrupt (what and where), Version (found and expected).
Result<Manifest> deserialize(std::span<const uint8_t> bytes);

} // namespace ntc::rt::artifact
