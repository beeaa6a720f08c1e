// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the verbs of `ntc` share: their table, the parsing of their words, and how they end.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/base/Units.h"
#include "runtime/train/Flags.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::driver {

using rt::Code;
using rt::concat;
using rt::quoted;
using rt::Result;
using rt::Status;
using rt::train::Flag;
using Words = std::span<const std::string>;

/// Exit statuses of the program.
enum Exit : int { kDone = 0, kFailed = 1, kUsage = 2, kUnsupported = 3, kInterrupted = 130 };

/// One verb: what `ntc help` says about it, and what runs it.
struct Verb {
  std::string_view name;
  std::string_view arguments; ///< of the usage line, without the verb
  std::string_view summary;   ///< one line
  std::string_view details;   ///< paragraphs between usage and options, with examples
  /// Runs the verb with the words after it. Returns the exit status.
  int (*run)(const Verb &verb, Words words);
};

/// All verbs in the order of the help text.
std::span<const Verb> verbs();

/// How many positional words a verb takes, and what they are called in messages.
struct Arity {
  size_t least = 0;
  size_t most = 0;
  std::string_view what;
};

/// Parses the words of a verb. Returns the exit status when the verb ends here: help was asked for
/// and printed, or something is wrong and was said.
std::optional<int> parseWords(const Verb &verb, Words words, std::vector<Flag> flags, Arity arity,
                              std::vector<std::string> &positionals);

/// The flag `--json`.
Flag jsonFlag(bool &target);
/// A flag that may be given several times.
Flag listFlag(std::string name, std::string value, std::vector<std::string> &target,
              std::string help);
/// A flag with one of a few words as its value; `target` gets the index.
Flag choiceFlag(std::string name, std::string value, std::vector<std::string_view> choices,
                size_t &target, std::string help);
/// "64,32" as numbers from 1 to 2^24.
Flag sizesFlag(std::string name, std::vector<int64_t> &target, std::string help);

/// Prints "ntc VERB: error: …" to standard error and returns the exit status for the code.
int fail(const Verb &verb, const Status &status);
/// Prints the same for a mistake on the command line, with where to read more. Returns kUsage.
int failUsage(const Verb &verb, std::string_view message);
/// Prints a remark to standard error.
void note(std::string_view message);
/// Writes a result to standard output.
void print(std::string_view text);
/// The same with a newline.
void printLine(std::string_view text);

/// True for a folder.
bool isFolder(const std::string &path);
/// "1,234,567".
std::string grouped(int64_t number);
using rt::bytesText;

int runNew(const Verb &verb, Words words);
int runPack(const Verb &verb, Words words);
int runCompile(const Verb &verb, Words words);
int runTrain(const Verb &verb, Words words);
int runLrFind(const Verb &verb, Words words);
int runEval(const Verb &verb, Words words);
int runPredict(const Verb &verb, Words words);
int runExport(const Verb &verb, Words words);
int runSummary(const Verb &verb, Words words);
int runPlan(const Verb &verb, Words words);
int runPlot(const Verb &verb, Words words);
int runCompare(const Verb &verb, Words words);
int runSweep(const Verb &verb, Words words);
int runInspect(const Verb &verb, Words words);
int runData(const Verb &verb, Words words);
int runOps(const Verb &verb, Words words);
int runDiff(const Verb &verb, Words words);
int runBench(const Verb &verb, Words words);
int runProfile(const Verb &verb, Words words);
int runDoctor(const Verb &verb, Words words);

} // namespace ntc::driver
