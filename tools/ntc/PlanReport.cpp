// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adding up slots.
#include "tools/ntc/PlanReport.h"

#include "runtime/format/Json.h"
#include "tools/ntc/Verb.h"

#include <algorithm>
#include <cstdio>

namespace ntc::driver {
namespace {

using rt::artifact::EntryKind;
using rt::artifact::EntrySpec;
using rt::artifact::SlotSpec;

constexpr uint32_t kAllEntries = 0xffffffffu;

bool isAlive(const SlotSpec &slot, uint32_t call) {
  return slot.entry == kAllEntries || (slot.liveBegin <= call && call <= slot.liveEnd);
}

std::string row(std::string_view name, std::string_view role, uint64_t bytes) {
  char buffer[256];
  std::snprintf(buffer, sizeof(buffer), "  %-44.100s %-12.20s %16s\n", std::string(name).c_str(),
                std::string(role).c_str(), grouped(static_cast<int64_t>(bytes)).c_str());
  return buffer;
}

} // namespace

const EntrySpec *findEntry(const rt::artifact::Manifest &manifest,
                           std::optional<int64_t> batchSize) {
  for (EntryKind kind : {EntryKind::TrainStep, EntryKind::Predict}) {
    const EntrySpec *best = nullptr;
    for (const EntrySpec &entry : manifest.entries) {
      bool fits = entry.kind == kind && (!batchSize || entry.batchSize == *batchSize);
      if (fits && (!best || entry.batchSize >= best->batchSize)) {
        best = &entry;
      }
    }
    if (best) {
      return best;
    }
  }
  return nullptr;
}

std::optional<PlanReport> planReport(const rt::artifact::Manifest &manifest,
                                     std::optional<int64_t> batchSize) {
  const EntrySpec *entry = findEntry(manifest, batchSize);
  if (!entry) {
    return std::nullopt;
  }
  auto index = static_cast<uint32_t>(entry - manifest.entries.data());
  PlanReport report;
  report.entry = entry->name;
  report.batchSize = entry->batchSize;
  report.arenaBytes = manifest.arenaBytes;
  std::vector<const SlotSpec *> slots;
  std::vector<uint64_t> sums(std::max<size_t>(1, entry->calls.size()), 0);
  for (const SlotSpec &slot : manifest.slots) {
    if (slot.entry != kAllEntries && slot.entry != index) {
      continue;
    }
    slots.push_back(&slot);
    report.bytesByRole[slot.role] += slot.sizeBytes;
    if (slot.entry == kAllEntries) {
      report.alwaysBytes += slot.sizeBytes;
      continue;
    }
    for (uint32_t call = slot.liveBegin; call <= slot.liveEnd && call < sums.size(); ++call) {
      sums[call] += slot.sizeBytes;
    }
  }
  auto peak = std::ranges::max_element(sums);
  auto at = static_cast<uint32_t>(peak - sums.begin());
  report.peakBytes = report.alwaysBytes + *peak;
  report.peakCall = entry->calls.empty() ? "" : entry->calls[at].name;
  for (const SlotSpec *slot : slots) {
    if (isAlive(*slot, at)) {
      report.alive.push_back({slot->name, slot->role, slot->sizeBytes});
    }
  }
  std::ranges::sort(report.alive, [](const LiveTensor &a, const LiveTensor &b) {
    return a.sizeBytes != b.sizeBytes ? a.sizeBytes > b.sizeBytes : a.name < b.name;
  });
  return report;
}

std::string text(const PlanReport &report, size_t rows) {
  std::string out = concat(report.entry, ": the session allocates ",
                           grouped(static_cast<int64_t>(report.arenaBytes)), " bytes (",
                           bytesText(report.arenaBytes), ")\n\nbytes by role\n");
  for (const auto &[role, bytes] : report.bytesByRole) {
    out += row(role, "", bytes);
  }
  out += concat("\npeak: ", grouped(static_cast<int64_t>(report.peakBytes)),
                " bytes live at once, while ", quoted(report.peakCall), " runs\n");
  for (size_t i = 0; i < std::min(rows, report.alive.size()); ++i) {
    out += row(report.alive[i].name, report.alive[i].role, report.alive[i].sizeBytes);
  }
  if (report.alive.size() > rows) {
    uint64_t rest = 0;
    for (size_t i = rows; i < report.alive.size(); ++i) {
      rest += report.alive[i].sizeBytes;
    }
    out += row(concat("and ", report.alive.size() - rows, " more"), "", rest);
  }
  return out;
}

std::string toJson(const PlanReport &report) {
  rt::format::JsonWriter json;
  json.beginObject();
  json.member("entry", report.entry);
  json.member("batch_size", report.batchSize);
  json.member("arena_bytes", report.arenaBytes);
  json.member("peak_bytes", report.peakBytes);
  json.member("peak_call", report.peakCall);
  json.key("bytes_by_role");
  json.beginObject();
  for (const auto &[role, bytes] : report.bytesByRole) {
    json.member(role, bytes);
  }
  json.endObject();
  json.key("alive_at_peak");
  json.beginArray();
  for (const LiveTensor &tensor : report.alive) {
    json.beginObject();
    json.member("name", tensor.name);
    json.member("role", tensor.role);
    json.member("bytes", tensor.sizeBytes);
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.text();
}

} // namespace ntc::driver
