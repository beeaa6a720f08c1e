// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc sweep: a search for hyperparameters.
#include "runtime/base/File.h"
#include "runtime/report/Chart.h"
#include "runtime/train/Interrupt.h"
#include "tools/ntc/SweepRunner.h"
#include "tools/ntc/Verb.h"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace ntc::driver {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kGreatestSpec = uint64_t{1} << 20;
constexpr size_t kRowsShown = 20;

struct SweepFlags {
  std::string out;
  bool resume = false;
  bool json = false;
};

Result<std::string> readText(const std::string &path) {
  auto bytes = rt::readFile(path, kGreatestSpec);
  if (!bytes) {
    return bytes.status();
  }
  return std::string(bytes->begin(), bytes->end());
}

Status writeText(const std::string &path, const std::string &text) {
  return rt::writeFileAtomically(path,
                                 {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
}

std::string specOf(const std::string &folder) { return folder + "/sweep.textproto"; }

/// sweeps/NAME with the first of "", "-2", … that is free.
std::string newFolder(const std::string &spec) {
  const std::string base = "sweeps/" + fs::path(spec).stem().string();
  std::string folder = base;
  for (int n = 2; ::access(folder.c_str(), F_OK) == 0; ++n) {
    folder = concat(base, "-", n);
  }
  return folder;
}

/// The text of the sweep, and its folder with the text in it. Errors: InvalidArgument for a folder
/// that holds another sweep.
Result<std::string> openFolder(const std::string &spec, SweepFlags &flags) {
  if (flags.resume) {
    if (flags.out.empty()) {
      return rt::error(Code::InvalidArgument, "--resume needs --out with the folder of the sweep");
    }
    Result<std::string> kept = readText(specOf(flags.out));
    if (!kept) {
      return rt::error(Code::NotFound, "folder ", quoted(flags.out),
                       " holds no sweep to resume (no sweep.textproto)");
    }
    if (!spec.empty()) {
      Result<std::string> given = readText(spec);
      if (!given || *given != *kept) {
        return given ? rt::error(Code::InvalidArgument, quoted(spec),
                                 " differs from the sweep that ", quoted(flags.out), " began with")
                     : given.status();
      }
    }
    return kept;
  }
  Result<std::string> text = readText(spec);
  if (!text) {
    return text;
  }
  if (auto sweep = parseSweep(*text); !sweep) {
    return rt::withContext(sweep.status(), spec);
  }
  flags.out = flags.out.empty() ? newFolder(spec) : flags.out;
  if (::access(specOf(flags.out).c_str(), F_OK) == 0) {
    return rt::error(Code::InvalidArgument, "folder ", quoted(flags.out),
                     " holds a sweep already; continue it with --resume or choose another --out");
  }
  std::error_code problem;
  fs::create_directories(flags.out, problem);
  if (problem) {
    return rt::error(Code::Io, "cannot create folder '", flags.out, "': ", problem.message());
  }
  if (Status status = writeText(specOf(flags.out), *text); !status) {
    return status;
  }
  return text;
}

/// Frees the folder of a sweep that failed before any trial had a result.
void releaseFolder(const std::string &folder) {
  std::error_code ignored;
  for (const std::string &file : {specOf(folder), folder + "/trials.jsonl"}) {
    fs::remove(file, ignored);
  }
  fs::remove(folder, ignored); // only if it is empty
}

Status writeResults(const Sweep &sweep, const std::vector<SweepResult> &results,
                    const std::string &folder, size_t programs) {
  const std::string files[][2] = {
      {"/results.csv", resultTable(sweep, results).csv()},
      {"/results.json", resultJson(sweep, results, programs) + "\n"},
      {"/parallel.svg", rt::report::standaloneSvg(resultPlot(sweep, results))},
      {"/report.html", resultPage(sweep, results, folder, programs)},
  };
  for (const auto &[name, text] : files) {
    if (Status status = writeText(folder + name, text); !status) {
      return status;
    }
  }
  return Status::ok();
}

} // namespace

int runSweep(const Verb &verb, Words words) {
  SweepFlags flags;
  std::vector<std::string> positionals;
  std::vector<Flag> table = {
      rt::train::textFlag("--out,-o", "DIR", flags.out,
                          "folder of the sweep (default: sweeps/NAME of the file)"),
      rt::train::switchFlag("--resume", flags.resume,
                            "continue --out: trials that had begun go on from their checkpoints"),
      jsonFlag(flags.json),
  };
  if (auto code = parseWords(verb, words, table, {0, 1, "one sweep"}, positionals)) {
    return *code;
  }
  if (positionals.empty() && !flags.resume) {
    return failUsage(verb, "expected a file such as sweep.textproto, found nothing more");
  }
  Result<std::string> text = openFolder(positionals.empty() ? "" : positionals[0], flags);
  if (!text) {
    return fail(verb, text.status());
  }
  Result<Sweep> sweep = parseSweep(*text);
  if (!sweep) {
    return fail(verb, rt::withContext(sweep.status(), specOf(flags.out)));
  }
  rt::train::Interrupt interrupt;
  SweepRunner runner(*sweep, flags.out, interrupt.flag());
  if (Status status = runner.run(); !status) {
    const bool isBegun = std::ranges::any_of(
        runner.results(), [](const SweepResult &result) { return !result.trial.rungs.empty(); });
    if (!flags.resume && !isBegun) {
      releaseFolder(flags.out);
    }
    return fail(verb, status);
  }
  const std::vector<SweepResult> results = runner.results();
  const size_t programs = programCount(results);
  if (Status status = writeResults(*sweep, results, flags.out, programs); !status) {
    return fail(verb, status);
  }
  if (interrupt.flag().load()) {
    note(concat("interrupted; continue with\n  ntc sweep --resume --out ", flags.out));
    return kInterrupted;
  }
  if (flags.json) {
    printLine(resultJson(*sweep, results, programs));
    return kDone;
  }
  TextTable shown = resultTable(*sweep, results);
  const size_t all = shown.rows.size();
  shown.rows.resize(std::min(all, kRowsShown));
  print("\n" + shown.text());
  printLine(concat("\n", flags.out, ": ", all, " trials",
                   all > kRowsShown ? ", the best shown" : "", ", ", programs,
                   programs == 1 ? " program (" : " programs (", runner.programs().compiled(),
                   " compiled now)"));
  return kDone;
}

} // namespace ntc::driver
