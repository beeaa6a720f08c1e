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
       "Writes a model of the zoo: its network, fresh parameters, loss and optimizer.\n\n"
       "  ntc new --list\n"
       "  ntc new mlp -o model.pb\n"
       "  ntc new mlp --hidden 256,128 --optimizer sgd,lr=0.1,momentum=0.9 -o model.pb\n",
       runNew},
      {"pack", "MODEL.onnx --loss LOSS --optimizer OPTIMIZER -o model.pb",
       "gives an inference model a training recipe",
       "Adds loss, gradient and optimizer to an ONNX model of any exporter. Its weights are "
       "kept.\n\n"
       "  ntc pack resnet.onnx --loss cross_entropy --optimizer adam,lr=1e-3 --freeze 'layer1.*' "
       "-o model.pb\n",
       runPack},
      {"compile", "MODEL [-o model.so] [options]", "compiles the training step to native code",
       "Compiles the whole step (forward, gradient, update) of a model.pb, of an ONNX file, or of "
       "a\n"
       "phase's MLIR to a shared library that the runtime trains with.\n\n"
       "  ntc compile model.pb\n"
       "  ntc compile model.pb --batch-size=64,16 --mcpu=x86-64-v3 -o model.so\n"
       "  ntc compile model.pb --compile-to=fused -o -\n"
       "  ntc compile --compile-from=fused fused.mlir -o model.so\n",
       runCompile},
      {"train", "MODEL --data DATA [options]", "trains a model",
       "Trains a model.pb, an ONNX file or a compiled model.so and writes a run folder. A model "
       "is\n"
       "compiled first, for the batch sizes that the data needs, and kept in the cache\n"
       "($XDG_CACHE_HOME/ntc). Ctrl-C finishes the step, saves, and prints the command that "
       "resumes.\n\n"
       "  ntc train model.pb --data fashion-mnist --val-split 10000 --epochs 5\n"
       "  ntc train --out runs/mlp --resume\n",
       runTrain},
      {"lr-find", "MODEL --data DATA [options]", "finds a learning rate",
       "Trains for some steps with a rate that grows from step to step, and writes the losses as "
       "a\n"
       "table (PREFIX.tsv) and a picture (PREFIX.svg). Nothing else is kept.\n\n"
       "  ntc lr-find model.pb --data fashion-mnist --batch-size 64 -o find\n",
       runLrFind},
      {"eval", "RUN --data DATA [options]", "computes the metrics of a trained model",
       "RUN is a run folder, or a compiled model with --checkpoint.\n\n"
       "  ntc eval runs/mlp --data fashion-mnist\n",
       runEval},
      {"predict", "RUN --data DATA -o FILE [options]", "writes predictions of a trained model",
       "RUN is a run folder, or a compiled model with --checkpoint.\n\n"
       "  ntc predict runs/mlp --data fashion-mnist -o out.csv\n",
       runPredict},
      {"export", "RUN -o FILE [options]", "writes a trained model for other programs",
       "The ending of FILE says the format: .onnx (for inference: ONNX Runtime, PyTorch, Netron), "
       ".pb\n"
       "(a model.pb with the trained parameters, to train on), .safetensors (a state_dict).\n\n"
       "  ntc export runs/mlp -o trained.onnx\n",
       runExport},
      {"summary", "MODEL [options]", "prints the layers, their sizes and the memory of a step",
       "The table lists every layer with its output, parameters and multiply-adds per sample. The\n"
       "memory of a training step is exact: it comes from the compiled plan.\n\n"
       "  ntc summary model.pb --batch-size 64\n",
       runSummary},
      {"plan", "MODEL [options]", "prints the memory of a step by role, and its peak",
       "MODEL is a model.pb, an ONNX file, a compiled model.so or a run folder. Bytes are exact "
       "and\n"
       "known before anything is allocated.\n\n"
       "  ntc plan model.pb --batch-size 64\n",
       runPlan},
      {"plot", "RUN… -o FILE.svg [options]", "draws curves of runs",
       "Draws keys of metrics.jsonl of one or several run folders as an SVG file. Where a metric "
       "has a\n"
       "validation curve, that is drawn too, and training is dashed.\n\n"
       "  ntc plot runs/mlp -o loss.svg\n"
       "  ntc plot runs/a runs/b --metric val_accuracy --x time_s -o compare.svg\n",
       runPlot},
      {"compare", "RUN RUN… [options]", "puts runs side by side in a table",
       "Settings in which the runs differ, how far they got, and their metrics: the last and, of\n"
       "validation, the best.\n\n"
       "  ntc compare runs/a runs/b\n",
       runCompare},
      {"sweep", "SPEC.textproto [options]", "searches for hyperparameters",
       "Trains many times side by side: a grid, at random, or led by what came of earlier trials\n"
       "(TPE), with successive halving where wanted, or a cross-validation of each point. "
       "Learning\n"
       "rate, decay and other hyperparameters share one compiled program. docs/sweep.md describes "
       "the\n"
       "file. Ctrl-C stops; --resume continues, also after a crash.\n\n"
       "  ntc sweep sweep.textproto --out sweeps/first\n"
       "  ntc sweep --resume --out sweeps/first\n",
       runSweep},
      {"inspect", "FILE [options]", "says what a file of ours holds",
       "FILE is a model, an artifact, a checkpoint, a run folder, or data (fashion-mnist, "
       "csv:FILE, "
       "…).\n\n"
       "  ntc inspect runs/mlp/latest\n",
       runInspect},
      {"data", "inspect DATA [options]", "says what a data set holds",
       "Prints sizes, shapes, classes with their samples, and ranges; with --grid writes "
       "pictures.\n"
       "docs/data.md tells what DATA can be.\n\n"
       "  ntc data inspect imagefolder:photos --grid grid.png\n"
       "  ntc data inspect 'csv:houses.csv?target=price'\n",
       runData},
      {"ops", "[options]", "lists operations with what supports them",
       "Two tables: the operations of the dialect nn, and the ONNX operators that models may "
       "use.\n",
       runOps},
      {"diff", "A B [options]", "finds the first value where two runs or phases part",
       "Compares two checkpoints, two run folders (their newest checkpoints), two artifacts "
       "(equal\n"
       "seed, equal random batches), or two programs in MLIR (the reference interpreter on equal\n"
       "random inputs). Ends with 0 if they agree, with 1 if not.\n\n"
       "  ntc diff runs/a runs/b\n"
       "  ntc diff a.so b.so --steps 10 --tolerance 1e-5\n"
       "  ntc diff model.pb --phases differentiated,fused --batch-size 2\n",
       runDiff},
      {"bench", "MODEL [options]", "measures training steps per second",
       "Trains on synthetic batches that stay in memory. A model is compiled first, in a process "
       "of\n"
       "its own, so that the memory reported is that of training.\n\n"
       "  ntc bench model.pb --batch-size 64 --threads 2 --json\n",
       runBench},
      {"profile", "MODEL [options]", "says where a training step spends its time",
       "Runs a few steps on synthetic batches and prints every dispatch with its time, its work "
       "and\n"
       "the share of what this machine's cores and memory could do. A model is compiled first.\n\n"
       "  ntc profile model.pb --batch-size 64 --threads 1\n"
       "  ntc profile model.so --trace trace.json\n",
       runProfile},
      {"doctor", "[options]", "says what this machine offers, and what is missing",
       "Instruction sets, threads, memory, CUDA, data sets and the cache.\n", runDoctor},
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
