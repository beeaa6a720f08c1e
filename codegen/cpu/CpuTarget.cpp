// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Targets from LLVM's own tables.

#include "codegen/cpu/CpuTarget.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"

#include <unistd.h>

namespace ntc::codegen::cpu {

// Kernels' loops carry their addresses (ntc-reduce-strength), and their order of loads and products
// keeps all sums in registers, which a scheduler's own order does not. LLVM has no other way to say
// so than its command line's options.
void chooseCodeGeneration() {
  constexpr std::pair<llvm::StringLiteral, llvm::StringLiteral> kChoices[] = {
      {"disable-lsr", "true"},
      {"enable-misched", "false"},
      {"pre-RA-sched", "source"},
      {"disable-post-ra", "true"}};
  auto &options = llvm::cl::getRegisteredOptions();
  for (auto [name, value] : kChoices) {
    if (auto found = options.find(name); found != options.end()) {
      found->second->addOccurrence(0, name, value);
    }
  }
}

static const llvm::Target *lookupTarget(const std::string &triple) {
  [[maybe_unused]] static const bool registered = [] { // once: threads create machines
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
    chooseCodeGeneration();
    return true;
  }();
  std::string error;
  return llvm::TargetRegistry::lookupTarget(llvm::Triple(triple), error);
}

/// The cache size that the system reports, or `fallback`.
static int64_t cacheBytes(int name, int64_t fallback) {
  long bytes = sysconf(name);
  return bytes > 0 ? bytes : fallback;
}

/// Instruction sets beyond those of every x86-64 that LLVM's selection uses in kernels, for vectors
/// and for addresses and masks; sorted. A machine without one of these that the target has must
/// refuse the artifact.
static constexpr const char *kUsedFeatures[] = {
    "avx",        "avx2",         "avx512bf16", "avx512bitalg", "avx512bw",
    "avx512cd",   "avx512dq",     "avx512f",    "avx512fp16",   "avx512ifma",
    "avx512vbmi", "avx512vbmi2",  "avx512vl",   "avx512vnni",   "avx512vpopcntdq",
    "avxifma",    "avxneconvert", "avxvnni",    "bmi",          "bmi2",
    "f16c",       "fma",          "fma4",       "gfni",         "lzcnt",
    "movbe",      "popcnt",       "sse3",       "sse4.1",       "sse4.2",
    "sse4a",      "ssse3",        "vaes",       "vpclmulqdq",   "xop"};

llvm::Expected<CpuTarget> CpuTarget::create(llvm::StringRef mcpu) {
  CpuTarget target;
  target.triple = llvm::sys::getProcessTriple();
  const llvm::Target *backend = lookupTarget(target.triple);
  if (!backend) {
    return llvm::createStringError("this LLVM cannot generate code for %s", target.triple.c_str());
  }
  bool native = mcpu.empty() || mcpu == "native";
  target.cpu = native ? llvm::sys::getHostCPUName().str() : mcpu.str();
  if (native) {
    llvm::SubtargetFeatures features;
    llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
    llvm::SmallVector<llvm::StringRef> names;
    for (auto &feature : host) {
      names.push_back(feature.getKey());
    }
    llvm::sort(names);
    for (llvm::StringRef name : names) {
      features.AddFeature(name, host[name]);
    }
    target.features = features.getString();
    target.l1Bytes = cacheBytes(_SC_LEVEL1_DCACHE_SIZE, target.l1Bytes);
    target.l2Bytes = cacheBytes(_SC_LEVEL2_CACHE_SIZE, target.l2Bytes);
  }
  llvm::Triple triple(target.triple);
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      backend->createMCSubtargetInfo(triple, target.cpu, target.features));
  if (!info || !info->isCPUStringValid(target.cpu)) {
    return llvm::createStringError(
        "--mcpu=%s is not a processor that LLVM knows; native, x86-64-v2, x86-64-v3 and "
        "x86-64-v4 are always there on x86-64",
        target.cpu.c_str());
  }
  for (const char *feature : kUsedFeatures) {
    if (triple.isX86() && info->checkFeatures(std::string("+") + feature)) {
      target.requiredFeatures.push_back(feature);
    }
  }
  auto has = [&](llvm::StringRef feature) {
    return llvm::is_contained(target.requiredFeatures, feature.str());
  };
  target.hasFma = has("fma") || triple.isAArch64();
  target.hasFloor = has("sse4.1") || triple.isAArch64();
  target.hasHalf = has("f16c") || triple.isAArch64();
  if (has("avx512f") && has("avx512vl")) {
    target.vectorBytes = 64;
    target.registers = 32;
    target.hasBf16Dot = has("avx512bf16");
  } else if (has("avx2")) {
    target.vectorBytes = 32;
  } else if (triple.isAArch64()) {
    target.registers = 32;
  }
  return target;
}

std::unique_ptr<llvm::TargetMachine> CpuTarget::createTargetMachine() const {
  const llvm::Target *backend = lookupTarget(triple);
  llvm::TargetOptions options;
  // Fusing a multiplication and an addition is written out where it is meant.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(llvm::Triple(triple), cpu, features, options, llvm::Reloc::PIC_,
                                   std::nullopt, llvm::CodeGenOptLevel::Default));
}

} // namespace ntc::codegen::cpu
