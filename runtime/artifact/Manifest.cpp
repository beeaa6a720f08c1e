// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bytes of `.ntc.manifest`. Layout, little-endian: magic "NTCMANIF", u32 version, u32 zero, u64
// bytes of payload, SHA-256 of the payload, payload. The payload holds the fields of the structs in
// the order of their declaration; texts and lists begin with a u64 length. One description per
// struct, `visit`, serves both directions.
#include "runtime/artifact/Manifest.h"

#include "runtime/artifact/ManifestBytes.h"
#include "runtime/artifact/ManifestCheck.h"
#include "runtime/base/Sha256.h"

#include <algorithm>

namespace ntc::rt::artifact {

namespace {

constexpr char kMagic[8] = {'N', 'T', 'C', 'M', 'A', 'N', 'I', 'F'};
constexpr size_t kPrefixBytes = 8 + 4 + 4 + 8 + 32;

/// Writes fields.
struct Encoder {
  ByteWriter out;

  template <typename T> void number(const T &value) { out.number(value); }
  template <typename E> void enumeration(const E &value, E, E) { out.number(value); }
  void boolean(const bool &value) { out.boolean(value); }
  void text(const std::string &value) { out.text(value); }
  void blob(const std::vector<uint8_t> &value) { out.blob(value); }
  template <typename T, typename Each> void list(const std::vector<T> &values, size_t, Each each) {
    out.number(uint64_t{values.size()});
    for (const T &value : values) {
      each(*this, value);
    }
  }
};

/// Reads fields. A list grows as its records are read and stops at the first that is cut off.
struct Decoder {
  ByteReader in;

  template <typename T> void number(T &value) { in.number(value); }
  template <typename E> void enumeration(E &value, E first, E last) {
    in.enumeration(value, first, last);
  }
  void boolean(bool &value) { in.boolean(value); }
  void text(std::string &value) { in.text(value); }
  void blob(std::vector<uint8_t> &value) { in.blob(value); }
  template <typename T, typename Each>
  void list(std::vector<T> &values, size_t minBytes, Each each) {
    size_t count = in.length(minBytes);
    for (size_t i = 0; i < count && !in.failed(); ++i) {
      each(*this, values.emplace_back());
    }
  }
};

// In the functions below, Coder is Encoder with a const struct or Decoder with a mutable one. The
// number beside each list is the least that one record takes in the file.

template <typename Coder, typename Shape> void visitShape(Coder &coder, Shape &shape) {
  coder.list(shape, 8, [](auto &c, auto &dimension) { c.number(dimension); });
}

template <typename Coder, typename Text> void visitText(Coder &coder, Text &text) {
  coder.text(text);
}

template <typename Coder, typename Type> void visitDType(Coder &coder, Type &dtype) {
  coder.enumeration(dtype, DType::F32, DType::BF16);
}

template <typename Coder, typename State> void visitState(Coder &coder, State &state) {
  coder.text(state.name);
  coder.text(state.of);
  visitDType(coder, state.dtype);
  visitShape(coder, state.shape);
  coder.enumeration(state.role, Role::Parameter, Role::Counter);
  coder.number(state.offset);
  coder.number(state.sizeBytes);
}

template <typename Coder, typename Control> void visitControl(Coder &coder, Control &control) {
  coder.text(control.name);
  coder.boolean(control.isInteger);
  coder.number(control.defaultValue);
  coder.number(control.offset);
}

template <typename Coder, typename Input> void visitInput(Coder &coder, Input &input) {
  coder.text(input.name);
  visitDType(coder, input.dtype);
  visitShape(coder, input.shape);
  coder.number(input.classes);
  coder.number(input.ignoreIndex);
  coder.boolean(input.isTarget);
}

template <typename Coder, typename Output> void visitOutput(Coder &coder, Output &output) {
  coder.text(output.name);
  coder.boolean(output.isMetric);
  visitDType(coder, output.dtype);
  visitShape(coder, output.shape);
  coder.number(output.offset);
  coder.number(output.countOffset);
}

template <typename Coder, typename Call> void visitCall(Coder &coder, Call &call) {
  coder.text(call.name);
  coder.number(call.kernel);
  coder.list(call.operands, 9, [](auto &c, auto &operand) {
    c.enumeration(operand.kind, OperandKind::Arena, OperandKind::Input);
    c.number(operand.value);
  });
  coder.number(call.groupCount);
  coder.boolean(call.barrierAfter);
  coder.number(call.flops);
  coder.number(call.bytes);
}

template <typename Coder, typename Entry> void visitEntry(Coder &coder, Entry &entry) {
  coder.text(entry.name);
  coder.enumeration(entry.kind, EntryKind::Init, EntryKind::UpdateBn);
  coder.number(entry.batchSize);
  coder.number(entry.fromEpoch);
  coder.list(entry.inputs, 34, [](auto &c, auto &input) { visitInput(c, input); });
  coder.list(entry.outputs, 34, [](auto &c, auto &output) { visitOutput(c, output); });
  coder.list(entry.calls, 41, [](auto &c, auto &call) { visitCall(c, call); });
}

template <typename Coder, typename Slot> void visitSlot(Coder &coder, Slot &slot) {
  coder.text(slot.name);
  coder.text(slot.role);
  coder.number(slot.entry);
  coder.number(slot.offset);
  coder.number(slot.sizeBytes);
  coder.number(slot.liveBegin);
  coder.number(slot.liveEnd);
  visitDType(coder, slot.dtype);
}

template <typename Coder, typename Value> void visitInitialValue(Coder &coder, Value &value) {
  coder.number(value.state);
  coder.blob(value.bytes);
}

template <typename Coder, typename M> void visitManifest(Coder &coder, M &manifest) {
  coder.text(manifest.ntcVersion);
  coder.text(manifest.modelName);
  coder.text(manifest.programHash);
  coder.text(manifest.cpu);
  coder.list(manifest.cpuFeatures, 8, [](auto &c, auto &feature) { visitText(c, feature); });
  coder.text(manifest.precision);
  coder.boolean(manifest.flushDenormals);
  coder.number(manifest.arenaBytes);
  coder.number(manifest.kernelCount);
  coder.list(manifest.states, 42, [](auto &c, auto &state) { visitState(c, state); });
  coder.list(manifest.controls, 25, [](auto &c, auto &control) { visitControl(c, control); });
  coder.list(manifest.entries, 49, [](auto &c, auto &entry) { visitEntry(c, entry); });
  coder.list(manifest.initialValues, 12, [](auto &c, auto &value) { visitInitialValue(c, value); });
  coder.text(manifest.weightsFile);
  coder.text(manifest.weightsSha256);
  coder.list(manifest.slots, 45, [](auto &c, auto &slot) { visitSlot(c, slot); });
  coder.text(manifest.trainSpecJson);
  coder.blob(manifest.modelPb);
}

} // namespace

std::vector<uint8_t> serialize(const Manifest &manifest) {
  Encoder encoder;
  visitManifest(encoder, manifest);
  const std::vector<uint8_t> &payload = encoder.out.bytes();
  auto digest = sha256(payload);
  ByteWriter file;
  file.bytes().assign(std::begin(kMagic), std::end(kMagic));
  file.number(kManifestVersion);
  file.number(uint32_t{0});
  file.number(uint64_t{payload.size()});
  file.bytes().insert(file.bytes().end(), digest.begin(), digest.end());
  file.bytes().insert(file.bytes().end(), payload.begin(), payload.end());
  return std::move(file.bytes());
}

Result<Manifest> deserialize(std::span<const uint8_t> bytes) {
  if (bytes.size() < kPrefixBytes ||
      !std::equal(std::begin(kMagic), std::end(kMagic), bytes.begin())) {
    return error(Code::Corrupt, "manifest: does not begin as a manifest");
  }
  ByteReader prefix(bytes.subspan(8));
  uint32_t version = 0, reserved = 0;
  uint64_t payloadBytes = 0;
  prefix.number(version);
  prefix.number(reserved);
  prefix.number(payloadBytes);
  if (version != kManifestVersion) {
    return error(Code::Version, "manifest: has version ", version, ", this runtime reads version ",
                 kManifestVersion, "; compile the model again with the matching ntc");
  }
  auto payload = bytes.subspan(kPrefixBytes);
  if (reserved != 0 || payloadBytes != payload.size()) {
    return error(Code::Corrupt, "manifest: has ", payload.size(), " bytes, its header says ",
                 payloadBytes);
  }
  auto digest = sha256(payload);
  if (!std::equal(digest.begin(), digest.end(), bytes.begin() + 24)) {
    return error(Code::Corrupt, "manifest: is damaged: its SHA-256 differs from the recorded one");
  }
  Decoder decoder{ByteReader(payload)};
  Manifest manifest;
  visitManifest(decoder, manifest);
  if (decoder.in.failed() || decoder.in.remaining() != 0) {
    return error(Code::Corrupt, "manifest: its records do not fit its length");
  }
  if (Status status = checkManifest(manifest); !status) {
    return withContext(status, "manifest");
  }
  return manifest;
}

} // namespace ntc::rt::artifact
