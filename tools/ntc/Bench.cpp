// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc bench: training steps per second, and what compiling took. A model is compiled in a child
// process: the memory and the time to the first step that are reported are those of a program that
// trains, as with ntc-run.
#include "runtime/train/Bench.h"

#include "runtime/artifact/Artifact.h"
#include "runtime/format/Json.h"
#include "tools/ntc/ArtifactCache.h"

#include <chrono>
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

namespace ntc::driver {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct BenchFlags {
  rt::train::BenchOptions options;
  StepFlags step;
  TargetFlags target;
};

std::vector<Flag> benchFlags(BenchFlags &flags) {
  std::vector<Flag> table = rt::train::benchFlags(flags.options);
  addModelFlags(table, flags.step, flags.target);
  return table;
}

/// Loads and compiles; the exit status of the child.
int compileHere(const Verb &verb, const BenchFlags &flags, const std::string &input,
                const std::string &output, double &seconds) {
  auto begin = Clock::now();
  if (auto problem =
          compileFile(input, flags.step, flags.target, flags.options.batchSize, output)) {
    return fail(verb, *problem);
  }
  seconds = since(begin);
  return kDone;
}

/// Compiles in a child process. Returns its exit status, and the seconds from reading the model to
/// the artifact on disk.
int compileInChild(const Verb &verb, const BenchFlags &flags, const std::string &input,
                   const std::string &output, double &seconds) {
  int ends[2];
  if (::pipe(ends) != 0) {
    return fail(verb, rt::error(Code::Io, "cannot create a pipe"));
  }
  std::fflush(nullptr);
  pid_t child = ::fork();
  if (child < 0) {
    return fail(verb, rt::error(Code::Io, "cannot create a process"));
  }
  if (child == 0) {
    double taken = 0.0;
    int code = compileHere(verb, flags, input, output, taken);
    bool sent = ::write(ends[1], &taken, sizeof(taken)) == sizeof(taken);
    std::fflush(nullptr);
    ::_exit(sent ? code : kFailed);
  }
  ::close(ends[1]);
  bool received = ::read(ends[0], &seconds, sizeof(seconds)) == sizeof(seconds);
  ::close(ends[0]);
  int state = 0;
  ::waitpid(child, &state, 0);
  if (!WIFEXITED(state) || (WEXITSTATUS(state) == kDone && !received)) {
    return fail(verb, rt::error(Code::Internal, "the compiler ended unexpectedly"));
  }
  return WEXITSTATUS(state);
}

/// The runtime's object with `compile_s` added.
std::string withCompileTime(std::string json, double seconds) {
  rt::format::JsonWriter number;
  number.number(seconds);
  json.pop_back();
  return concat(json, ",\"compile_s\":", number.text(), "}");
}

} // namespace

int runBench(const Verb &verb, Words words) {
  BenchFlags flags;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, benchFlags(flags), {1, 1, "one model"}, positionals)) {
    return *code;
  }
  rt::train::BenchOptions options = flags.options;
  options.model = positionals[0];
  const FileKind kind = kindOf(options.model);
  TemporaryFolder folder;
  double compileSeconds = 0.0;
  if (kind != FileKind::Elf && kind != FileKind::Folder) {
    auto made = TemporaryFolder::create();
    if (!made) {
      return fail(verb, made.status());
    }
    folder = made.take();
    options.model = folder.path() + "/model.so";
    if (int code = compileInChild(verb, flags, positionals[0], options.model, compileSeconds)) {
      return code;
    }
  } else if (std::vector<std::string> given = flags.step.given(); !given.empty()) {
    return failUsage(verb, concat(given[0], " is compiled into the artifact; give it to 'ntc "
                                            "compile' or measure the model.pb"));
  }
  rt::train::Hooks hooks;
  hooks.print = [&](std::string_view line) {
    printLine(options.json ? withCompileTime(std::string(line), compileSeconds)
                           : std::string(line));
  };
  auto report = rt::train::runBench(options, hooks);
  if (report && !options.json && compileSeconds > 0) {
    std::printf("compiled in %.2f s\n", compileSeconds);
  }
  return report ? kDone : fail(verb, report.status());
}

} // namespace ntc::driver
