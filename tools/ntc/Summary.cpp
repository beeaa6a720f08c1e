// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc summary: the layers of a model as torchinfo prints them, and the exact memory of a step.
#include "frontend/format/Summary.h"

#include "runtime/artifact/Artifact.h"
#include "runtime/format/Json.h"
#include "tools/ntc/ArtifactCache.h"
#include "tools/ntc/PlanReport.h"

#include <sstream>

namespace ntc::driver {
namespace {

struct SummaryFlags {
  std::optional<int64_t> batchSize;
  bool json = false;
  StepFlags step;
  TargetFlags target;
};

std::string shapeOf(const format::LayerSummary &layer) {
  std::string out = "[";
  for (size_t d = 0; d < layer.output.size(); ++d) {
    out += (d > 0 ? ", " : "") + format::str(layer.output[d]);
  }
  return out + "]";
}

std::string toJson(const format::ModelSummary &summary, const std::optional<PlanReport> &plan) {
  rt::format::JsonWriter json;
  json.beginObject();
  json.member("model", summary.name);
  json.member("parameters", summary.parameters);
  json.member("trainable", summary.trainable);
  json.member("multiply_adds", summary.multiplyAdds);
  json.member("parameter_bytes", summary.parameterBytes);
  if (plan) {
    json.member("batch_size", plan->batchSize);
    json.member("step_peak_bytes", static_cast<int64_t>(plan->arenaBytes));
  }
  json.key("layers");
  json.beginArray();
  for (const format::LayerSummary &layer : summary.layers) {
    json.beginObject();
    json.member("path", layer.path);
    json.member("type", layer.type);
    json.member("output", shapeOf(layer));
    json.member("parameters", layer.parameters);
    json.member("trainable", layer.trainable);
    json.member("multiply_adds", layer.multiplyAdds);
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.text();
}

} // namespace

int runSummary(const Verb &verb, Words words) {
  SummaryFlags flags;
  std::vector<Flag> table = {
      rt::train::integerFlag("--batch-size", flags.batchSize, 1, 1 << 24,
                             "samples per step for the memory (default: the model's, else 64)"),
      jsonFlag(flags.json),
  };
  addModelFlags(table, flags.step, flags.target);
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, table, {1, 1, "one model"}, positionals)) {
    return *code;
  }
  Model model;
  if (auto problem = loadModel(positionals[0], flags.step, NeedStep::No, model)) {
    return fail(verb, *problem);
  }
  auto summary = format::summarize(model.proto);
  if (!summary) {
    ModelProblem problem{{}, hasUnsupportedOperator(model.proto) ? kUnsupported : kFailed};
    std::istringstream lines(summary.status().message());
    for (std::string line; std::getline(lines, line);) {
      problem.messages.push_back(concat(positionals[0], ": ", line));
    }
    return fail(verb, problem);
  }
  std::optional<PlanReport> plan;
  if (model.hasStep) {
    int64_t size = flags.batchSize.value_or(defaultBatchSize(model));
    CompiledModel compiled;
    if (auto problem = compileOrReuse(model, compileOptions(model, flags.target, {size}),
                                      CacheUse::Yes, compiled)) {
      return fail(verb, *problem);
    }
    auto manifest = rt::artifact::readManifest(compiled.path);
    if (!manifest) {
      return fail(verb, manifest.status());
    }
    plan = planReport(*manifest, size);
  }
  if (flags.json) {
    printLine(toJson(*summary, plan));
    return kDone;
  }
  print(format::text(*summary));
  if (plan) {
    printLine(concat("Training step, batch ", plan->batchSize, ": ", bytesText(plan->arenaBytes),
                     " (", grouped(static_cast<int64_t>(plan->arenaBytes)),
                     " bytes, everything included; 'ntc plan' says for what)"));
  } else {
    printLine("No training step: --loss and --optimizer give it one");
  }
  return kDone;
}

} // namespace ntc::driver
