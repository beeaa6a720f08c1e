// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writing down predictions.
#include "tools/ntc/CostReport.h"

#include "runtime/format/Json.h"
#include "tools/ntc/TextTable.h"
#include "tools/ntc/Verb.h"

#include <cstdio>

namespace ntc::driver {
namespace {

std::string number(const char *format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), format, value);
  return buffer;
}

double rateOf(double seconds) { return seconds > 0.0 ? 1.0 / seconds : 0.0; }

std::string threadsText(unsigned threads) {
  return concat(threads, threads == 1 ? " thread" : " threads");
}

std::string stepLine(unsigned threads, const rt::train::StepCost &cost) {
  return concat(threadsText(threads), ": ", number("%.2f us, ", cost.seconds * 1e6),
                number("%.4g steps/s; ", rateOf(cost.seconds)),
                number("%.2f us with all operations at the peak\n", cost.floor * 1e6));
}

void member(rt::format::JsonWriter &json, const char *key, const rt::train::StepCost &cost) {
  json.key(key);
  json.beginObject();
  json.member("seconds", cost.seconds);
  json.member("steps_per_s", rateOf(cost.seconds));
  json.member("floor_s", cost.floor);
  json.endObject();
}

} // namespace

CostReport costReport(const rt::artifact::Manifest &manifest, const rt::artifact::EntrySpec &entry,
                      const rt::train::MachineSpeeds &speeds, unsigned threads) {
  const unsigned bytes = manifest.precision == "f64" ? 8 : 4;
  CostReport report{&entry, threads, {}, {}, speeds};
  report.one = stepCost(entry.calls, speeds, {1, manifest.arenaBytes, bytes});
  report.cost = stepCost(entry.calls, speeds, {threads, manifest.arenaBytes, bytes});
  return report;
}

std::string text(const CostReport &report) {
  TextTable table({"dispatch", "groups", "GFLOP", "MB", "us", "bound by"});
  for (size_t i = 0; i < report.entry->calls.size(); ++i) {
    const rt::artifact::CallSpec &call = report.entry->calls[i];
    const rt::train::CallCost &cost = report.cost.calls[i];
    table.rows.push_back({call.name, std::to_string(call.groupCount),
                          number("%.6f", static_cast<double>(call.flops) * 1e-9),
                          number("%.3f", static_cast<double>(call.bytes) * 1e-6),
                          number("%.2f", cost.seconds * 1e6), std::string(nameOf(cost.bound))});
  }
  std::string out = concat(report.entry->name, ", predicted for ", threadsText(report.threads),
                           "\n", table.text(), "\n", stepLine(1, report.one));
  return report.threads == 1 ? out : out + stepLine(report.threads, report.cost);
}

std::string toJson(const CostReport &report) {
  rt::format::JsonWriter json;
  json.beginObject();
  json.member("entry", report.entry->name);
  json.member("batch_size", report.entry->batchSize);
  json.member("threads", report.threads);
  json.member("processor", report.speeds.processor);
  member(json, "one_thread", report.one);
  member(json, "step", report.cost);
  json.key("calls");
  json.beginArray();
  for (size_t i = 0; i < report.entry->calls.size(); ++i) {
    const rt::artifact::CallSpec &call = report.entry->calls[i];
    json.beginObject();
    json.member("name", call.name);
    json.member("groups", call.groupCount);
    json.member("flops", call.flops);
    json.member("bytes", call.bytes);
    json.member("seconds", report.cost.calls[i].seconds);
    json.member("seconds_one_thread", report.one.calls[i].seconds);
    json.member("bound", nameOf(report.cost.calls[i].bound));
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.text();
}

} // namespace ntc::driver
