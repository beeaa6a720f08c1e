// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The invariants of a manifest; see ManifestCheck.h.
#include "runtime/artifact/ManifestCheck.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/base/Sha256.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <tuple>

namespace ntc::rt::artifact {

namespace {

constexpr uint64_t kMaxArenaBytes = uint64_t{1} << 46;

bool isInteger(DType dtype) {
  return dtype == DType::I32 || dtype == DType::I64 || dtype == DType::U8;
}

bool isFloat(DType dtype) { return dtype == DType::F32 || dtype == DType::F64; }

/// Bytes of a tensor, or why it has none.
Result<uint64_t> tensorBytes(std::span<const int64_t> shape, DType dtype) {
  if (shape.size() > kMaxRank) {
    return error(Code::Corrupt, "has ", shape.size(), " dimensions, at most ", kMaxRank,
                 " are supported");
  }
  if (sizeOf(dtype) == 0) {
    return error(Code::Corrupt, "has an unknown element type");
  }
  auto bytes = byteSize(shape, sizeOf(dtype));
  if (!bytes) {
    return error(Code::Corrupt, "has the impossible shape ", shapeText(shape));
  }
  return *bytes;
}

/// A range of the arena that outlives the entries.
struct Range {
  uint64_t offset;
  uint64_t size;
  std::string_view name;
};

class Checker {
public:
  explicit Checker(const Manifest &manifest) : m_(manifest) {}

  Status run() {
    if (m_.arenaBytes % kArenaAlignment != 0 || m_.arenaBytes > kMaxArenaBytes) {
      return error(Code::Corrupt, "an arena of ", m_.arenaBytes, " bytes: expected a multiple of ",
                   kArenaAlignment, " up to ", kMaxArenaBytes);
    }
    for (auto step : {&Checker::states, &Checker::controls, &Checker::overlaps, &Checker::entries,
                      &Checker::initialValues, &Checker::slots}) {
      if (Status status = (this->*step)(); !status) {
        return status;
      }
    }
    return Status::ok();
  }

private:
  Status inArena(uint64_t offset, uint64_t size, uint64_t alignment, std::string_view what) const {
    if (!fitsIn(offset, size, m_.arenaBytes)) {
      return error(Code::Corrupt, what, ": ", size, " bytes at offset ", offset,
                   " are beyond the arena of ", m_.arenaBytes, " bytes");
    }
    if (offset % alignment != 0) {
      return error(Code::Corrupt, what, ": offset ", offset, " is not a multiple of ", alignment);
    }
    return Status::ok();
  }

  Status states() {
    std::set<std::string_view> names;
    for (const StateSpec &state : m_.states) {
      std::string what = concat("state ", quoted(state.name));
      if (state.name.empty() || !names.insert(state.name).second) {
        return error(Code::Corrupt, what, ": the name is empty or there twice");
      }
      auto bytes = tensorBytes(state.shape, state.dtype);
      if (!bytes) {
        return withContext(bytes.status(), what);
      }
      if (*bytes != state.sizeBytes) {
        return error(Code::Corrupt, what, ": shape ", shapeText(state.shape), " of ",
                     nameOf(state.dtype), " has ", *bytes, " bytes, found ", state.sizeBytes);
      }
      if (Status status = inArena(state.offset, state.sizeBytes, kArenaAlignment, what); !status) {
        return status;
      }
      ranges_.push_back({state.offset, state.sizeBytes, state.name});
    }
    for (const StateSpec &state : m_.states) {
      if (!state.of.empty() && !names.contains(state.of)) {
        return error(Code::Corrupt, "state ", quoted(state.name), ": belongs to ", quoted(state.of),
                     ", which does not exist");
      }
    }
    return Status::ok();
  }

  Status controls() {
    std::set<std::string_view> names;
    std::set<std::string_view> integers;
    for (const ControlSpec &control : m_.controls) {
      std::string what = concat("control ", quoted(control.name));
      if (control.name.empty() || !names.insert(control.name).second) {
        return error(Code::Corrupt, what, ": the name is empty or there twice");
      }
      if (Status status = inArena(control.offset, 8, 8, what); !status) {
        return status;
      }
      if (control.isInteger) {
        integers.insert(control.name);
        const double value = control.defaultValue;
        if (!(value >= -0x1p63 && value < 0x1p63 && value == std::floor(value))) {
          return error(Code::Corrupt, what, ": expected an integer of 64 bits, found ", value);
        }
      }
      ranges_.push_back({control.offset, 8, control.name});
    }
    for (std::string_view name : {"seed", "step"}) {
      if (!integers.contains(name)) {
        return error(Code::Corrupt, "the integer control '", name, "' is missing");
      }
    }
    if (integers.size() != 2) {
      return error(Code::Corrupt, "only the controls 'seed' and 'step' may be integers");
    }
    return Status::ok();
  }

  Status overlaps() {
    std::erase_if(ranges_, [](const Range &range) { return range.size == 0; });
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range &a, const Range &b) { return a.offset < b.offset; });
    for (size_t i = 1; i < ranges_.size(); ++i) {
      const Range &before = ranges_[i - 1];
      if (before.offset + before.size > ranges_[i].offset) {
        return error(Code::Corrupt, quoted(before.name), " and ", quoted(ranges_[i].name),
                     " overlap in the arena");
      }
    }
    return Status::ok();
  }

  Status input(const EntrySpec &entry, const InputSpec &input) const {
    if (auto bytes = tensorBytes(input.shape, input.dtype); !bytes) {
      return bytes.status();
    }
    if (input.name.empty() || input.shape.empty() || input.shape[0] != entry.batchSize) {
      return error(Code::Corrupt, "shape ", shapeText(input.shape),
                   " does not begin with the batch size ", entry.batchSize);
    }
    if (input.classes < 0 || (input.classes > 0 && !isInteger(input.dtype))) {
      return error(Code::Corrupt, input.classes, " classes on values of ", nameOf(input.dtype));
    }
    return Status::ok();
  }

  Status output(const OutputSpec &output, std::string_view what) const {
    auto bytes = tensorBytes(output.shape, output.dtype);
    if (!bytes) {
      return withContext(bytes.status(), what);
    }
    if (output.name.empty()) {
      return error(Code::Corrupt, what, ": has no name");
    }
    uint64_t alignment = sizeOf(output.dtype);
    if (output.isMetric) {
      if (!output.shape.empty() || !(isFloat(output.dtype) || output.dtype == DType::I64)) {
        return error(Code::Corrupt, what, ": a metric must be a scalar of f32, f64 or i64, found ",
                     nameOf(output.dtype), " ", shapeText(output.shape));
      }
      if (Status status = inArena(output.countOffset, *bytes, alignment, what); !status) {
        return status;
      }
    }
    return inArena(output.offset, *bytes, alignment, what);
  }

  Status call(const EntrySpec &entry, const CallSpec &call) const {
    if (call.kernel >= m_.kernelCount) {
      return error(Code::Corrupt, "names kernel ", call.kernel, ", there are ", m_.kernelCount);
    }
    if (call.groupCount == 0) {
      return error(Code::Corrupt, "has no work groups");
    }
    for (size_t i = 0; i < call.operands.size(); ++i) {
      const OperandSpec &operand = call.operands[i];
      uint64_t limit =
          operand.kind == OperandKind::Arena ? m_.arenaBytes : uint64_t{entry.inputs.size()};
      if (operand.value >= limit) {
        return error(Code::Corrupt, "operand ", i, ": ", operand.value, " is beyond the ", limit,
                     operand.kind == OperandKind::Arena ? " bytes of the arena" : " inputs");
      }
    }
    return Status::ok();
  }

  Status entry(const EntrySpec &entry) const {
    bool batched = entry.kind != EntryKind::Init && entry.kind != EntryKind::Average;
    if (batched ? entry.batchSize <= 0 : (entry.batchSize != 0 || !entry.inputs.empty())) {
      return error(Code::Corrupt, "batch size ", entry.batchSize, " with ", entry.inputs.size(),
                   " inputs does not suit its kind");
    }
    const bool trains = entry.kind == EntryKind::TrainStep || entry.kind == EntryKind::Accumulate;
    if (entry.fromEpoch < 0 || (entry.fromEpoch > 0 && !trains)) {
      return error(Code::Corrupt, "first epoch ", entry.fromEpoch, " does not suit its kind");
    }
    std::set<std::string_view> names;
    for (const InputSpec &spec : entry.inputs) {
      if (Status status = input(entry, spec); !status) {
        return withContext(status, "input ", quoted(spec.name));
      }
      if (!names.insert(spec.name).second) {
        return error(Code::Corrupt, "input ", quoted(spec.name), " is there twice");
      }
    }
    names.clear();
    for (const OutputSpec &spec : entry.outputs) {
      if (Status status = output(spec, concat("output ", quoted(spec.name))); !status) {
        return status;
      }
      if (!names.insert(spec.name).second) {
        return error(Code::Corrupt, "output ", quoted(spec.name), " is there twice");
      }
    }
    for (size_t i = 0; i < entry.calls.size(); ++i) {
      if (Status status = call(entry, entry.calls[i]); !status) {
        return withContext(status, "call ", i, " ", quoted(entry.calls[i].name));
      }
    }
    return Status::ok();
  }

  Status entries() {
    std::set<std::string_view> names;
    std::set<std::tuple<EntryKind, int64_t, int64_t>> variants;
    for (const EntrySpec &spec : m_.entries) {
      std::string what = concat("entry ", quoted(spec.name));
      if (spec.name.empty() || !names.insert(spec.name).second ||
          !variants.emplace(spec.kind, spec.batchSize, spec.fromEpoch).second) {
        return error(Code::Corrupt, what,
                     ": the name, or its kind, batch size and epoch, is there twice");
      }
      if (spec.fromEpoch > 0 && !variants.contains({spec.kind, spec.batchSize, 0})) {
        return error(Code::Corrupt, what, ": there is none before it for the first epoch");
      }
      if (Status status = entry(spec); !status) {
        return withContext(status, what);
      }
    }
    return Status::ok();
  }

  Status initialValues() {
    std::set<uint32_t> seen;
    for (const InitialValue &value : m_.initialValues) {
      if (value.state >= m_.states.size() || !seen.insert(value.state).second) {
        return error(Code::Corrupt, "initial value of state number ", value.state,
                     ": no such state, or there twice");
      }
      const StateSpec &state = m_.states[value.state];
      if (value.bytes.empty() && state.sizeBytes > 0 && m_.weightsFile.empty()) {
        return error(Code::Corrupt, "initial value of ", quoted(state.name),
                     ": has no bytes and there is no weights file");
      }
      if (!value.bytes.empty() && value.bytes.size() != state.sizeBytes) {
        return error(Code::Corrupt, "initial value of ", quoted(state.name), ": has ",
                     value.bytes.size(), " bytes, expected ", state.sizeBytes);
      }
    }
    // The file is opened beside the artifact: nothing in an artifact may lead elsewhere.
    std::string_view file = m_.weightsFile;
    bool plain =
        file.find('/') == file.npos && file.find('\0') == file.npos && file != ".." && file != ".";
    if (!file.empty() && (!plain || !isSha256Hex(m_.weightsSha256))) {
      return error(Code::Corrupt, "weights file ", quoted(file),
                   ": expected a plain file name and its SHA-256 in hexadecimal");
    }
    return Status::ok();
  }

  Status slots() {
    for (const SlotSpec &slot : m_.slots) {
      std::string what = concat("slot ", quoted(slot.name));
      if (Status status = inArena(slot.offset, slot.sizeBytes, 1, what); !status) {
        return status;
      }
      if (slot.entry == kEveryEntry) {
        continue;
      }
      if (slot.entry >= m_.entries.size()) {
        return error(Code::Corrupt, what, ": names entry ", slot.entry, ", there are ",
                     m_.entries.size());
      }
      if (slot.liveBegin > slot.liveEnd || slot.liveEnd >= m_.entries[slot.entry].calls.size()) {
        return error(Code::Corrupt, what, ": lives from call ", slot.liveBegin, " to call ",
                     slot.liveEnd, " of ", m_.entries[slot.entry].calls.size());
      }
    }
    return Status::ok();
  }

  static constexpr uint32_t kEveryEntry = 0xffffffffu;

  const Manifest &m_;
  std::vector<Range> ranges_;
};

} // namespace

Status checkManifest(const Manifest &manifest) { return Checker(manifest).run(); }

} // namespace ntc::rt::artifact
