// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc: finds the verb and runs it.
#include "runtime/data/Suggest.h"
#include "tools/ntc/Verb.h"
#include "tools/ntc/Version.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

namespace ntc::driver {
namespace {

const Verb *findVerb(std::string_view name) {
  auto found = std::ranges::find(verbs(), name, &Verb::name);
  return found == verbs().end() ? nullptr : &*found;
}

void printOverview(std::FILE *stream) {
  std::string text = "usage: ntc VERB [arguments]\n\n"
                     "Compiles neural-network training steps ahead of time and runs them.\n\n";
  for (const Verb &verb : verbs()) {
    std::string name(verb.name);
    name.resize(10, ' ');
    text += concat("  ", name, verb.summary, "\n");
  }
  text +=
      "\n'ntc help VERB' tells everything about a verb; 'ntc --version' what this program is.\n";
  std::fwrite(text.data(), 1, text.size(), stream);
}

int failUnknown(std::string_view word) {
  std::vector<std::string_view> names = {"help", "--version", "--help"};
  for (const Verb &verb : verbs()) {
    names.push_back(verb.name);
  }
  std::string kind = word.starts_with("-") ? "option" : "verb";
  std::fprintf(stderr, "ntc: error: unknown %s %s%s\ntry 'ntc help'\n", kind.c_str(),
               quoted(word).c_str(), rt::data::didYouMean(word, names).c_str());
  return kUsage;
}

int help(Words words) {
  if (words.empty()) {
    printOverview(stdout);
    return kDone;
  }
  const Verb *verb = findVerb(words[0]);
  if (!verb) {
    return failUnknown(words[0]);
  }
  const std::vector<std::string> ask = {"--help"};
  return verb->run(*verb, ask);
}

int dispatch(Words words) {
  if (words.empty()) {
    printOverview(stderr);
    return kUsage;
  }
  const std::string &word = words[0];
  if (word == "help" || word == "--help" || word == "-h") {
    return help(words.subspan(1));
  }
  if (word == "--version" || word == "-V") {
    print(versionText());
    return kDone;
  }
  const Verb *verb = findVerb(word);
  return verb ? verb->run(*verb, words.subspan(1)) : failUnknown(word);
}

} // namespace

std::span<const Verb> verbs() {
  static constexpr Verb table[] = {
      {"new", "FAMILY [options] -o model.pb", "writes a ready-made model with its recipe",
       R"(Writes a model of the zoo: its network, fresh parameters, loss and optimizer.

  ntc new --list
  ntc new mlp -o model.pb
  ntc new mlp --hidden 256,128 --optimizer sgd,lr=0.1,momentum=0.9 -o model.pb
)",
       runNew},
      {"pack", "MODEL.onnx --loss LOSS --optimizer OPTIMIZER -o model.pb",
       "gives an inference model a training recipe",
       R"(Adds loss, gradient and optimizer to an ONNX model of any exporter. Its weights are kept.

  ntc pack resnet.onnx --loss cross_entropy --optimizer adam,lr=1e-3 --freeze 'layer1.*' -o model.pb
)",
       runPack},
      {"compile", "MODEL [-o model.so] [options]", "compiles the training step to native code",
       R"(Compiles the whole step (forward, gradient, update) of a model.pb, of an ONNX file, or of a
phase's MLIR to a shared library that the runtime trains with. --tune measures what is decided by
rule otherwise, and writes what is faster to a file that --tuning reads (docs/tuning.md).

  ntc compile model.pb
  ntc compile model.pb --batch-size=64,16 --mcpu=x86-64-v3 -o model.so
  ntc compile model.pb --tune=60
  ntc compile model.pb --tuning=model.tuning
  ntc compile model.pb --compile-to=fused -o -
  ntc compile --compile-from=fused fused.mlir -o model.so
)",
       runCompile},
      {"train", "MODEL [--data DATA] [options]", "trains a model",
       R"(Trains a model.pb, an ONNX file or a compiled model.so and writes a run folder. A model is
compiled first, for the batch sizes that the data needs, and kept in the cache
($XDG_CACHE_HOME/ntc). A run folder in its place stands for the run's model, from its first values;
with --resume the run itself goes on. Ctrl-C finishes the step, saves, and prints the command that resumes.
All of it can be lines of a file, --spec; a run's train.json is one, and repeats the run.

  ntc train model.pb --data fashion-mnist --val-split 10000 --epochs 5
  ntc train model.pb --spec runs/mlp/train.json --out runs/again
  ntc train --out runs/mlp --resume
)",
       runTrain},
      {"lr-find", "MODEL --data DATA [options]", "finds a learning rate",
       R"(Trains for some steps with a rate that grows from step to step, and writes the losses as a
table (PREFIX.tsv) and a picture (PREFIX.svg). Nothing else is kept.

  ntc lr-find model.pb --data fashion-mnist --batch-size 64 -o find
)",
       runLrFind},
      {"eval", "RUN [--data DATA] [options]", "computes the metrics of a trained model",
       R"(RUN is a run folder, or a compiled model with --checkpoint. What a run's artifact lacks is
compiled. The checkpoint is named; the metrics are those of the run unless --metrics names others.
Without --data it reads the part that the run kept from training (--test-split).

  ntc eval runs/mlp --data fashion-mnist
)",
       runEval},
      {"predict", "RUN [--data DATA] -o FILE [options]", "writes predictions of a trained model",
       R"(RUN is a run folder, or a compiled model with --checkpoint. A row has the sample's index, for
classifiers the class, its name where the training data has names, and the probability of every
class, else the outputs.

  ntc predict runs/mlp --data fashion-mnist -o out.csv
)",
       runPredict},
      {"export", "RUN -o FILE [options]", "writes a trained model for other programs",
       R"(The ending of FILE says the format: .onnx (for inference: ONNX Runtime, PyTorch, Netron), .so
(the compiled model with the trained parameters in it: predict, eval, train, ntc-run and the C
interface need nothing more), .pb (a model.pb with the trained parameters, to train on or to compile
for another machine), .safetensors (a state_dict).

What the run does to data before the network goes along. In an .onnx file it is done by nodes in
front of the network: Normalize (the input is the picture in [0, 1]), filling and scaling of a
table's columns (the input is the row as it is, NaN for missing values), categories (one input for
each column, texts among them). What no nodes do (Resize, crops) and the names of classes and
columns are in metadata_props. --bare leaves all of this out.

  ntc export runs/mlp -o trained.onnx
  ntc export runs/mlp -o trained.so && ntc predict trained.so --data csv:new.csv -o out.csv
)",
       runExport},
      {"summary", "MODEL [options]", "prints the layers, their sizes and the memory of a step",
       R"(The table lists every layer with its output, parameters and multiply-adds per sample. The
memory of a training step is exact: it comes from the compiled plan.

  ntc summary model.pb --batch-size 64
)",
       runSummary},
      {"plan", "MODEL [options]",
       "prints the memory of a step by role, its peak, or its predicted time",
       R"(MODEL is a model.pb, an ONNX file, a compiled model.so or a run folder. Bytes are exact and
known before anything is allocated. With --cost it predicts the time of every dispatch from this
machine's limits, which 'ntc doctor --measure' measures; without such a measurement it measures first.

  ntc plan model.pb --batch-size 64
  ntc plan model.pb --cost --threads 2
)",
       runPlan},
      {"plot", "RUN… -o FILE.svg [options]", "draws curves of runs",
       R"(Draws keys of metrics.jsonl of one or several run folders as an SVG file. Where a metric has a
validation curve, that is drawn too, and training is dashed.

  ntc plot runs/mlp -o loss.svg
  ntc plot runs/a runs/b --metric val_accuracy --x time_s -o compare.svg
)",
       runPlot},
      {"compare", "RUN RUN… [options]", "puts runs side by side in a table",
       R"(Settings in which the runs differ, how far they got, and their metrics: the last and, of
validation, the best.

  ntc compare runs/a runs/b
)",
       runCompare},
      {"sweep", "SPEC.textproto [options]", "searches for hyperparameters",
       R"(Trains many times side by side: a grid, at random, or led by what came of earlier trials
(TPE), with successive halving where wanted, or a cross-validation of each point. Learning
rate, decay and other hyperparameters share one compiled program. docs/sweep.md describes the
file. Ctrl-C stops; --resume continues, also after a crash.

  ntc sweep sweep.textproto --out sweeps/first
  ntc sweep --resume --out sweeps/first
)",
       runSweep},
      {"inspect", "FILE [options]", "says what a file of ours holds",
       R"(FILE is a model, an artifact, a checkpoint, a run folder, or data (fashion-mnist, csv:FILE, …).

  ntc inspect runs/mlp/latest
)",
       runInspect},
      {"data", "inspect DATA [options]", "says what a data set holds",
       R"(Prints sizes, shapes, classes with their samples, and ranges; with --grid writes pictures.
docs/data.md tells what DATA can be.

  ntc data inspect imagefolder:photos --grid grid.png
  ntc data inspect 'csv:houses.csv?target=price'
)",
       runData},
      {"ops", "[options]", "lists operations with what supports them",
       R"(Two tables: the operations of the dialect nn, and the ONNX operators that models may use.
)",
       runOps},
      {"diff", "A B [options]", "finds the first value where two runs or phases part",
       R"(Compares two checkpoints, two run folders (their newest checkpoints), two artifacts (equal
seed, equal random batches), or two programs in MLIR (the reference interpreter on equal
random inputs). Ends with 0 if they agree, with 1 if not. Phases of one model may differ by 1e-5 of
a value's size unless --tolerance says otherwise: they add in another order.

  ntc diff runs/a runs/b
  ntc diff a.so b.so --steps 10 --tolerance 1e-5
  ntc diff model.pb --phases differentiated,fused --batch-size 2
)",
       runDiff},
      {"bench", "MODEL [options]", "measures training steps per second",
       R"(Trains on synthetic batches that stay in memory. A model is compiled first, in a process of
its own, so that the memory reported is that of training.

  ntc bench model.pb --batch-size 64 --threads 2 --json
)",
       runBench},
      {"profile", "MODEL [options]", "says where a training step spends its time",
       R"(Runs a few steps on synthetic batches and prints every dispatch with its time, its work and
the share of what this machine's cores and memory could do. A model is compiled first.

  ntc profile model.pb --batch-size 64 --threads 1
  ntc profile model.so --trace trace.json
)",
       runProfile},
      {"doctor", "[options]", "says what this machine offers, and what is missing",
       R"(Instruction sets, threads, memory, CUDA, data sets and the cache. With --measure: how fast
this machine computes, reads and forks, which is kept in the cache ($XDG_CACHE_HOME/ntc/machine.json).

  ntc doctor
  ntc doctor --measure
)",
       runDoctor},
  };
  return table;
}

} // namespace ntc::driver

int main(int argc, char **argv) {
  using namespace ntc::driver;
  int code = kFailed;
  try {
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    code = dispatch(words);
  } catch (const std::bad_alloc &) {
    std::fputs("ntc: error: out of memory\n", stderr);
  } catch (const std::exception &problem) {
    std::fprintf(stderr, "ntc: error: %s\n", problem.what());
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
    std::perror("ntc: error: cannot write to standard output");
    return code == kDone ? kFailed : code;
  }
  return code;
}
