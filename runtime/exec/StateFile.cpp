// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checkpoints and weights; see StateFile.h. Loading compares first and copies only when nothing is
// left to object to.
#include "runtime/exec/StateFile.h"

#include "runtime/base/FloatConversion.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

namespace ntc::rt::exec {

namespace {

constexpr std::string_view kVersionKey = "ntc.version";

/// The position's numbers under their names in checkpoints; optional ones are 0 where they are not.
struct PositionField {
  std::string_view name;
  int64_t Position::*value;
  bool isOptional = false;
};
constexpr std::array<PositionField, 5> kPositionFields = {
    {{"train.step", &Position::step},
     {"train.epoch", &Position::epoch},
     {"train.cursor", &Position::cursor},
     {"train.seed", &Position::seed},
     {"train.accumulated", &Position::accumulated, true}}};

bool isFloat(DType dtype) {
  return dtype == DType::F32 || dtype == DType::F64 || dtype == DType::F16 || dtype == DType::BF16;
}

template <typename T> T loadAs(const uint8_t *at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

double loadFloat(const uint8_t *at, DType dtype) {
  switch (dtype) {
  case DType::F64:
    return loadAs<double>(at);
  case DType::F16:
    return f16ToFloat(loadAs<uint16_t>(at));
  case DType::BF16:
    return bf16ToFloat(loadAs<uint16_t>(at));
  default:
    return loadAs<float>(at);
  }
}

void storeFloat(uint8_t *at, DType dtype, double value) {
  auto store = [at](auto narrow) { std::memcpy(at, &narrow, sizeof(narrow)); };
  switch (dtype) {
  case DType::F64:
    return store(value);
  case DType::F16:
    return store(floatToF16(static_cast<float>(value)));
  case DType::BF16:
    return store(floatToBf16(static_cast<float>(value)));
  default:
    return store(static_cast<float>(value));
  }
}

/// Copies a tensor into a state of the same shape, converting between floating-point types.
void copyTensor(const format::StoredTensor &tensor, const artifact::StateSpec &state,
                std::span<uint8_t> target) {
  if (tensor.dtype == state.dtype) {
    std::copy(tensor.bytes.begin(), tensor.bytes.end(), target.begin());
    return;
  }
  size_t from = sizeOf(*tensor.dtype), to = sizeOf(state.dtype);
  for (size_t i = 0; i < target.size() / to; ++i) {
    storeFloat(target.data() + i * to, state.dtype,
               loadFloat(tensor.bytes.data() + i * from, *tensor.dtype));
  }
}

enum class Conversion : uint8_t { None, Floats };

bool fits(const format::StoredTensor &tensor, const artifact::StateSpec &state,
          Conversion conversion) {
  bool sameType = tensor.dtype == state.dtype;
  bool convertible = conversion == Conversion::Floats && tensor.dtype && isFloat(*tensor.dtype) &&
                     isFloat(state.dtype);
  return (sameType || convertible) && tensor.shape == state.shape;
}

bool isWeight(const artifact::StateSpec &state) {
  return state.role == artifact::Role::Parameter || state.role == artifact::Role::Buffer;
}

/// Compares the file with those of the program's states that `wanted` accepts.
template <typename Wanted>
WeightsReport compare(const artifact::Manifest &program, const format::Safetensors &file,
                      Conversion conversion, Wanted wanted) {
  WeightsReport report;
  std::set<std::string_view> known;
  for (const artifact::StateSpec &state : program.states) {
    if (!wanted(state)) {
      continue;
    }
    known.insert(state.name);
    const format::StoredTensor *tensor = file.find(state.name);
    if (tensor == nullptr) {
      report.missing.push_back(state.name);
    } else if (!fits(*tensor, state, conversion)) {
      report.mismatched.push_back(concat(state.name, ": the program has ", rt::nameOf(state.dtype),
                                         " ", shapeText(state.shape), ", the file ",
                                         tensor->dtypeName, " ", shapeText(tensor->shape)));
    } else {
      report.loaded.push_back(state.name);
    }
  }
  for (const format::StoredTensor &tensor : file.tensors()) {
    if (!known.contains(tensor.name)) {
      report.unexpected.push_back(tensor.name);
    }
  }
  return report;
}

/// "missing: a, b" with at most ten names; names come from files and are quoted.
void appendList(std::string &text, std::string_view title, const std::vector<std::string> &names) {
  constexpr size_t shown = 10;
  if (names.empty()) {
    return;
  }
  text += concat(text.empty() ? "" : "; ", title, ": ");
  for (size_t i = 0; i < std::min(shown, names.size()); ++i) {
    text += concat(i == 0 ? "" : ", ", quoted(names[i]));
  }
  if (names.size() > shown) {
    text += concat(" and ", names.size() - shown, " more");
  }
}

Status checkProgram(const artifact::Manifest &program, const format::Safetensors &file) {
  auto hash = file.metadataValue(kProgramKey);
  if (!hash) {
    return error(Code::InvalidArgument, "is not a checkpoint of ntc: its metadata has no '",
                 kProgramKey, "'");
  }
  if (*hash != program.programHash) {
    return error(Code::InvalidArgument, "was saved by another program: its hash is ", quoted(*hash),
                 ", this program's is ", quoted(program.programHash));
  }
  return Status::ok();
}

Result<Position> readPosition(const format::Safetensors &file) {
  Position position;
  for (const PositionField &field : kPositionFields) {
    const format::StoredTensor *tensor = file.find(field.name);
    if (tensor == nullptr && field.isOptional) {
      continue;
    }
    if (tensor == nullptr || tensor->dtype != DType::I64 || !tensor->shape.empty()) {
      return error(Code::InvalidArgument, "has no I64 scalar '", field.name,
                   "': it is not a checkpoint of ntc");
    }
    position.*field.value = loadAs<int64_t>(tensor->bytes.data());
  }
  return position;
}

bool isPositionField(const std::string &name) {
  return std::ranges::find(kPositionFields, std::string_view(name), &PositionField::name) !=
         kPositionFields.end();
}

/// Names in a file of weights that nobody misses: what else our own checkpoints hold, and the
/// counters of PyTorch's batch normalization, which only averages with momentum=None read.
bool isExpectedRemainder(const format::Safetensors &file, std::string_view name) {
  bool ours = file.metadataValue(kProgramKey).has_value();
  return name.ends_with(".num_batches_tracked") ||
         (ours && (name.starts_with("optimizer.") || name.starts_with("train.") ||
                   name.starts_with("ema.") || name.starts_with("swa.") ||
                   name.starts_with("accumulated.")));
}

Status load(Session &session, const format::Safetensors &file, ProgramCheck check) {
  if (Status status = session.checkNotSwapped("loading"); !status) {
    return status;
  }
  const artifact::Manifest &program = session.manifest();
  auto verified = file.verifyChecksum();
  if (!verified) {
    return verified.status();
  }
  if (!*verified) {
    return error(Code::Corrupt, "carries no checksum '", format::kChecksumKey,
                 "': it is damaged or not a checkpoint of ntc");
  }
  if (Status status = checkProgram(program, file); check == ProgramCheck::Same && !status) {
    return status;
  }
  auto position = readPosition(file);
  if (!position) {
    return position.status();
  }
  auto report = compare(program, file, Conversion::None, [](const auto &) { return true; });
  std::erase_if(report.unexpected, isPositionField);
  if (std::string text = report.text(); !text.empty()) {
    return error(Code::InvalidArgument, "does not fit the program: ", text);
  }
  if (Status status = session.setPosition(*position); !status) {
    return status;
  }
  for (const artifact::StateSpec &state : program.states) {
    copyTensor(*file.find(state.name), state, session.stateBytes(state));
  }
  return Status::ok();
}

} // namespace

std::string WeightsReport::text() const {
  std::string text;
  appendList(text, "missing", missing);
  appendList(text, "unexpected", unexpected);
  appendList(text, "mismatched", mismatched);
  return text;
}

Status saveCheckpoint(Session &session, const std::string &path, const format::Metadata &metadata) {
  if (Status status = session.checkNotSwapped("saving"); !status) {
    return status;
  }
  const artifact::Manifest &program = session.manifest();
  Position position = session.position();
  std::vector<format::TensorToStore> tensors;
  for (const artifact::StateSpec &state : program.states) {
    tensors.push_back({state.name, state.dtype, state.shape, session.stateBytes(state)});
  }
  for (const PositionField &field : kPositionFields) {
    const int64_t &value = position.*field.value;
    if (field.isOptional && value == 0) {
      continue;
    }
    tensors.push_back({std::string(field.name),
                       DType::I64,
                       {},
                       {reinterpret_cast<const uint8_t *>(&value), sizeof(value)}});
  }
  format::Metadata all = {{std::string(kProgramKey), program.programHash},
                          {std::string(kVersionKey), program.ntcVersion}};
  for (const auto &[key, value] : metadata) {
    if (key == format::kChecksumKey || !all.emplace(key, value).second) {
      return error(Code::InvalidArgument, "metadata ", quoted(key), " is written by the runtime");
    }
  }
  return format::writeSafetensors(path, std::move(tensors), std::move(all), format::Checksum::With);
}

Status loadCheckpoint(Session &session, const std::string &path, ProgramCheck check) {
  auto file = format::Safetensors::open(path);
  if (!file) {
    return file.status();
  }
  return withContext(load(session, *file, check), path);
}

Result<WeightsReport> loadWeights(Session &session, const std::string &path,
                                  Strictness strictness) {
  if (Status status = session.checkNotSwapped("loading"); !status) {
    return status;
  }
  auto file = format::Safetensors::open(path);
  if (!file) {
    return file.status();
  }
  if (auto verified = file->verifyChecksum(); !verified) {
    return withContext(verified.status(), path);
  }
  auto report = compare(session.manifest(), *file, Conversion::Floats, isWeight);
  std::erase_if(report.unexpected,
                [&](const std::string &name) { return isExpectedRemainder(*file, name); });
  bool refused =
      strictness == Strictness::AllMatch ? !report.text().empty() : !report.mismatched.empty();
  if (refused) {
    return error(Code::InvalidArgument, path, ": does not fit the program: ", report.text());
  }
  for (const artifact::StateSpec &state : session.manifest().states) {
    const format::StoredTensor *tensor = isWeight(state) ? file->find(state.name) : nullptr;
    if (tensor != nullptr) {
      copyTensor(*tensor, state, session.stateBytes(state));
    }
  }
  return report;
}

} // namespace ntc::rt::exec
