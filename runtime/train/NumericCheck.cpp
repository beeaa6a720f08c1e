// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The manifest tells places, names and element types of values; integers and workspaces are left
// out.
#include "runtime/train/NumericCheck.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace ntc::rt::train {
namespace {

using artifact::Manifest;

template <typename Word> Word wordAt(const uint8_t *at) {
  Word word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

/// Element `index` of an array of floats.
double valueAt(const uint8_t *data, int64_t index, DType dtype) {
  switch (dtype) {
  case DType::F64:
    return std::bit_cast<double>(wordAt<uint64_t>(data + index * 8));
  case DType::BF16:
    return std::bit_cast<float>(uint32_t{wordAt<uint16_t>(data + index * 2)} << 16);
  default:
    return std::bit_cast<float>(wordAt<uint32_t>(data + index * 4));
  }
}

/// Index of the first element that is NaN or infinite, or -1.
int64_t firstBad(const uint8_t *data, uint64_t bytes, DType dtype) {
  const auto count = static_cast<int64_t>(bytes / sizeOf(dtype));
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(valueAt(data, i, dtype))) {
      return i;
    }
  }
  return -1;
}

std::string describe(const uint8_t *data, int64_t index, DType dtype) {
  return concat(std::isnan(valueAt(data, index, dtype)) ? "nan" : "infinite", " at element ",
                index);
}

bool isFloat(DType dtype) {
  return dtype == DType::F32 || dtype == DType::F64 || dtype == DType::BF16;
}

} // namespace

std::vector<std::string> notFiniteParameters(const exec::Session &session) {
  std::vector<std::string> names;
  for (const artifact::StateSpec &state : session.manifest().states) {
    if (state.role == artifact::Role::Parameter && isFloat(state.dtype) &&
        firstBad(session.arenaData() + state.offset, state.sizeBytes, state.dtype) >= 0) {
      names.push_back(state.name);
    }
  }
  return names;
}

NumericCheck::NumericCheck(exec::Session &session) : session_(session) {
  exec::CallObserver observer;
  observer.after = [this](uint32_t call) {
    if (running_ && finding_.empty()) {
      inspect(*running_, call);
    }
  };
  session_.observeCalls(std::move(observer));
}

const NumericCheck::Plan &NumericCheck::planOf(const artifact::EntrySpec &entry) {
  for (const Plan &plan : plans_) {
    if (plan.entry == &entry) {
      return plan;
    }
  }
  const Manifest &manifest = session_.manifest();
  const auto index = static_cast<uint32_t>(&entry - manifest.entries.data());
  Plan plan{&entry, {}};
  for (uint32_t c = 0; c < entry.calls.size(); ++c) {
    std::vector<Value> &values = plan.calls.emplace_back();
    for (const artifact::OperandSpec &operand : entry.calls[c].operands) {
      if (operand.kind != artifact::OperandKind::Arena) {
        continue;
      }
      auto holds = [&](uint64_t offset, uint64_t bytes) {
        return offset <= operand.value && operand.value < offset + bytes;
      };
      auto state = std::ranges::find_if(
          manifest.states, [&](const auto &each) { return holds(each.offset, each.sizeBytes); });
      if (state != manifest.states.end()) {
        if (isFloat(state->dtype)) {
          values.push_back({state->name, state->offset, state->sizeBytes, state->dtype});
        }
        continue;
      }
      for (const artifact::SlotSpec &slot : manifest.slots) {
        const bool isLive = slot.entry == index && slot.liveBegin <= c && c <= slot.liveEnd;
        if (isLive && slot.role != "control" && isFloat(slot.dtype) &&
            holds(slot.offset, slot.sizeBytes)) {
          values.push_back(
              {slot.name, operand.value, slot.offset + slot.sizeBytes - operand.value, slot.dtype});
        }
      }
    }
  }
  plans_.push_back(std::move(plan));
  return plans_.back();
}

void NumericCheck::inspect(const Plan &plan, uint32_t call) {
  for (const Value &value : plan.calls[call]) {
    const uint8_t *data = session_.arenaData() + value.offset;
    const int64_t bad = firstBad(data, value.bytes, value.dtype);
    if (bad >= 0) {
      const artifact::CallSpec &spec = plan.entry->calls[call];
      finding_ = concat("the first value that is not finite is in ", quoted(value.name), ": ",
                        describe(data, bad, value.dtype), ", computed by ",
                        spec.name == value.name ? "" : concat(quoted(spec.name), ", "), "call ",
                        call, " of ", plan.entry->name);
      return;
    }
  }
}

Status NumericCheck::checkBatch(std::span<const exec::TensorView> batch) const {
  for (const exec::TensorView &view : batch) {
    if (!isFloat(view.dtype)) {
      continue;
    }
    uint64_t bytes = sizeOf(view.dtype);
    for (int64_t dimension : view.shape) {
      bytes *= static_cast<uint64_t>(dimension);
    }
    const auto *data = static_cast<const uint8_t *>(view.data);
    if (int64_t bad = firstBad(data, bytes, view.dtype); bad >= 0) {
      return error(Code::Cancelled, "the batch's input ", quoted(view.name), " is ",
                   describe(data, bad, view.dtype));
    }
  }
  return Status::ok();
}

Status NumericCheck::checkStates() {
  for (const artifact::StateSpec &state : session_.manifest().states) {
    if (!isFloat(state.dtype)) {
      continue;
    }
    const uint8_t *data = session_.arenaData() + state.offset;
    if (int64_t bad = firstBad(data, state.sizeBytes, state.dtype); bad >= 0) {
      return error(Code::Cancelled, "before the first step ", quoted(state.name), " is ",
                   describe(data, bad, state.dtype));
    }
  }
  statesAreChecked_ = true;
  return Status::ok();
}

Result<exec::StepResult> NumericCheck::run(Step step, std::span<const exec::TensorView> batch) {
  if (!statesAreChecked_) {
    if (Status status = checkStates(); !status) {
      return status;
    }
  }
  if (Status status = checkBatch(batch); !status) {
    return status;
  }
  auto size = exec::batchSizeOf(batch);
  const bool updates = step == Step::Train;
  const auto kind = updates ? artifact::EntryKind::TrainStep : artifact::EntryKind::Accumulate;
  const artifact::EntrySpec *entry = size ? session_.entry(kind, *size) : nullptr;
  running_ = entry ? &planOf(*entry) : nullptr;
  Result<exec::StepResult> result =
      updates ? session_.trainStep(batch) : session_.accumulateStep(batch);
  running_ = nullptr;
  return finding_.empty() ? std::move(result)
                          : Result<exec::StepResult>(error(Code::Cancelled, finding_));
}

} // namespace ntc::rt::train
