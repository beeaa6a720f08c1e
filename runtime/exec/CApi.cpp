// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C interface over artifact::Artifact and exec::Session: checks what C cannot express, keeps
// the last error of each thread, and lets no exception out.
#include "ntc/runtime.h"

#include "runtime/exec/Session.h"
#include "runtime/exec/StateFile.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <vector>

using namespace ntc::rt;

struct ntc_program_t {
  std::shared_ptr<const artifact::Artifact> artifact;
};

namespace {

/// The host's functions as an allocator.
class HostCallbacks final : public device::Allocator {
public:
  explicit HostCallbacks(const ntc_allocator_t &functions) : functions_(functions) {}

  Result<void *> allocate(uint64_t sizeBytes, uint64_t alignment) override {
    void *block = functions_.allocate(functions_.user, sizeBytes, alignment);
    if (block == nullptr || reinterpret_cast<uintptr_t>(block) % alignment != 0) {
      return error(Code::OutOfMemory, "the host's allocator gave no ", sizeBytes,
                   " bytes at a multiple of ", alignment);
    }
    return block;
  }
  void deallocate(void *block, uint64_t sizeBytes) override {
    functions_.deallocate(functions_.user, block, sizeBytes);
  }

private:
  ntc_allocator_t functions_;
};

} // namespace

struct ntc_session_t {
  std::unique_ptr<device::Allocator> allocator; ///< null: the session's own
  std::unique_ptr<exec::Session> session;
  std::vector<exec::TensorView> batch;
  std::vector<ntc_metric_t> metrics;
};

namespace {

struct LastError {
  std::string text;
  const char *fixed = ""; ///< shown when not null: a sentence that needs no memory
};

LastError &lastError() {
  thread_local LastError error;
  return error;
}

ntc_status_t fail(Code code, const char *sentence) {
  lastError().fixed = sentence;
  return static_cast<ntc_status_t>(code);
}

/// Keeps the sentence of a failed status and returns its code.
ntc_status_t report(const Status &status) {
  if (!status) {
    lastError().text = status.message();
    lastError().fixed = nullptr;
  }
  return static_cast<ntc_status_t>(status.code());
}

/// Runs the body of a C function; exceptions become codes.
template <typename Body> ntc_status_t guarded(Body body) {
  try {
    return report(body());
  } catch (const std::bad_alloc &) {
    return fail(Code::OutOfMemory, "out of memory");
  } catch (const std::length_error &) {
    return fail(Code::OutOfMemory, "out of memory");
  } catch (...) {
    return fail(Code::Internal, "an unexpected exception in the runtime");
  }
}

Status nullArgument(std::string_view name) {
  return error(Code::InvalidArgument, "'", name, "' is null");
}

/// A host's option struct in this library's version: fields that the host does not know are zero.
/// Fields that this library does not know must be.
template <typename Options>
Result<Options> readOptions(const Options *given, size_t firstVersionBytes, std::string_view name) {
  Options options{};
  if (given == nullptr) {
    return options;
  }
  size_t size = given->size == 0 ? firstVersionBytes : given->size;
  if (size < firstVersionBytes) {
    return error(Code::InvalidArgument, name, ": a size of ", size, " bytes, expected at least ",
                 firstVersionBytes);
  }
  const auto *bytes = reinterpret_cast<const unsigned char *>(given);
  for (size_t i = sizeof(Options); i < size; ++i) {
    if (bytes[i] != 0) {
      return error(Code::Unsupported, name,
                   ": sets an option that this version of the library does not know");
    }
  }
  std::memcpy(&options, given, std::min(size, sizeof(Options)));
  return options;
}

constexpr size_t kProgramOptionsV1 = sizeof(ntc_program_options_t);
constexpr size_t kSessionOptionsV1 = sizeof(ntc_session_options_t);
constexpr size_t kAllocatorV1 = sizeof(ntc_allocator_t);

/// Element `index` of a list of the manifest, or an error.
template <typename T>
Result<const T *> at(const std::vector<T> &list, size_t index, std::string_view what) {
  if (index >= list.size()) {
    return error(Code::InvalidArgument, what, " ", index, " was asked for, there are ",
                 list.size());
  }
  return &list[index];
}

/// Calls `fill` with element `index` of a list of the manifest. Returns the error of `at`.
template <typename T, typename Fill>
Status fillFrom(const std::vector<T> &list, size_t index, std::string_view what, Fill fill) {
  auto found = at(list, index, what);
  if (found) {
    fill(**found);
  }
  return found.status();
}

/// The body of a function that describes a part of a program: refuses null arguments, then lets
/// `body` fill `info` from the manifest.
template <typename Info, typename Body>
ntc_status_t describe(const ntc_program_t *program, const Info *info, Body body) {
  return guarded([&]() -> Status {
    if (program == nullptr || info == nullptr) {
      return nullArgument(program == nullptr ? "program" : "info");
    }
    return body(program->artifact->manifest());
  });
}

ntc_dtype_t dtypeOf(DType dtype) { return static_cast<ntc_dtype_t>(dtype); }

/// A caller's element type; values that do not fit become 0, which is none.
DType dtypeFrom(ntc_dtype_t dtype) {
  auto value = static_cast<int32_t>(dtype);
  return static_cast<DType>(value > 0 && value < 256 ? value : 0);
}

int32_t rankOf(const std::vector<int64_t> &shape) { return static_cast<int32_t>(shape.size()); }

/// The session's view of a C batch; `out` is reused from step to step.
Status readBatch(const ntc_tensor_t *batch, size_t count, std::vector<exec::TensorView> &out) {
  constexpr int32_t maxRank = 16;
  if (batch == nullptr && count != 0) {
    return nullArgument("batch");
  }
  out.clear();
  for (size_t i = 0; i < count; ++i) {
    const ntc_tensor_t &tensor = batch[i];
    if (tensor.rank < 0 || tensor.rank > maxRank || (tensor.shape == nullptr && tensor.rank > 0)) {
      return error(Code::InvalidArgument, "tensor ", i, " of the batch: rank ", tensor.rank,
                   " without a shape, negative or above ", maxRank);
    }
    out.push_back({tensor.name != nullptr ? tensor.name : "", tensor.data, dtypeFrom(tensor.dtype),
                   std::span(tensor.shape, static_cast<size_t>(tensor.rank))});
  }
  return Status::ok();
}

void writeMetrics(ntc_session_t &session, const exec::StepResult &result, ntc_metrics_t *metrics) {
  if (metrics == nullptr) {
    return;
  }
  session.metrics.clear();
  for (const exec::Metric &metric : result.metrics) {
    session.metrics.push_back({metric.name.data(), metric.sum, metric.count});
  }
  *metrics = {session.metrics.data(), session.metrics.size(), result.isFinite ? 1 : 0};
}

using StepFunction = Result<exec::StepResult> (exec::Session::*)(std::span<const exec::TensorView>);

ntc_status_t runStep(ntc_session_t *session, const ntc_tensor_t *batch, size_t count,
                     ntc_metrics_t *metrics, StepFunction step) {
  return guarded([&]() -> Status {
    if (session == nullptr) {
      return nullArgument("session");
    }
    if (Status status = readBatch(batch, count, session->batch); !status) {
      return status;
    }
    auto result = (session->session.get()->*step)(session->batch);
    if (result) {
      writeMetrics(*session, *result, metrics);
    }
    return result.status();
  });
}

Result<exec::SessionOptions> readSessionOptions(const ntc_session_options_t *given,
                                                ntc_session_t &session) {
  auto options = readOptions(given, kSessionOptionsV1, "ntc_session_options_t");
  if (!options) {
    return options.status();
  }
  exec::SessionOptions result;
  result.threads = options->threads;
  if (options->seed != 0) {
    result.seed = options->seed;
  }
  result.pinning = options->no_pinning != 0 ? exec::Pinning::No : exec::Pinning::Workers;
  result.check = options->check_memory != 0 ? exec::CheckMode::Memory : exec::CheckMode::Off;
  result.hugePages = options->huge_pages != 0 ? memory::HugePages::Advise : memory::HugePages::No;
  if (options->allocator != nullptr) {
    auto functions = readOptions(options->allocator, kAllocatorV1, "ntc_allocator_t");
    if (!functions) {
      return functions.status();
    }
    if (functions->allocate == nullptr || functions->deallocate == nullptr) {
      return nullArgument("allocator's function");
    }
    session.allocator = std::make_unique<HostCallbacks>(*functions);
    result.allocator = session.allocator.get();
  }
  return result;
}

} // namespace

const char *ntc_status_name(ntc_status_t status) {
  return nameOf(static_cast<Code>(status)).data();
}

const char *ntc_last_error_message(void) {
  const LastError &error = lastError();
  return error.fixed != nullptr ? error.fixed : error.text.c_str();
}

const char *ntc_version(void) { return NTC_VERSION_STRING; }

size_t ntc_dtype_size(ntc_dtype_t dtype) { return sizeOf(dtypeFrom(dtype)); }

ntc_status_t ntc_program_open(const char *path, const ntc_program_options_t *options,
                              ntc_program_t **program) {
  return guarded([&]() -> Status {
    if (path == nullptr || program == nullptr) {
      return nullArgument(path == nullptr ? "path" : "program");
    }
    auto known = readOptions(options, kProgramOptionsV1, "ntc_program_options_t");
    if (!known) {
      return known.status();
    }
    auto artifact = artifact::Artifact::open(path);
    if (!artifact) {
      return artifact.status();
    }
    *program = new ntc_program_t{artifact.take()};
    return Status::ok();
  });
}

void ntc_program_release(ntc_program_t *program) { delete program; }

ntc_status_t ntc_program_info(const ntc_program_t *program, ntc_program_info_t *info) {
  return describe(program, info, [&](const artifact::Manifest &m) {
    *info = {m.modelName.c_str(),    m.ntcVersion.c_str(), m.programHash.c_str(),
             m.precision.c_str(),    m.cpu.c_str(),        m.arenaBytes,
             m.states.size(),        m.controls.size(),    m.entries.size(),
             m.trainSpecJson.c_str()};
    return Status::ok();
  });
}

ntc_status_t ntc_program_state(const ntc_program_t *program, size_t index, ntc_state_info_t *info) {
  return describe(program, info, [&](const artifact::Manifest &manifest) {
    return fillFrom(manifest.states, index, "state", [&](const artifact::StateSpec &s) {
      *info = {s.name.c_str(),   static_cast<ntc_role_t>(s.role),
               dtypeOf(s.dtype), rankOf(s.shape),
               s.shape.data(),   s.sizeBytes};
    });
  });
}

ntc_status_t ntc_program_control(const ntc_program_t *program, size_t index,
                                 ntc_control_info_t *info) {
  return describe(program, info, [&](const artifact::Manifest &manifest) {
    return fillFrom(manifest.controls, index, "control", [&](const artifact::ControlSpec &c) {
      *info = {c.name.c_str(), c.defaultValue};
    });
  });
}

ntc_status_t ntc_program_entry(const ntc_program_t *program, size_t index, ntc_entry_info_t *info) {
  return describe(program, info, [&](const artifact::Manifest &manifest) {
    return fillFrom(manifest.entries, index, "entry", [&](const artifact::EntrySpec &e) {
      *info = {e.name.c_str(), static_cast<ntc_entry_kind_t>(e.kind), e.batchSize, e.inputs.size(),
               e.outputs.size()};
    });
  });
}

ntc_status_t ntc_program_input(const ntc_program_t *program, size_t entry, size_t index,
                               ntc_input_info_t *info) {
  return describe(program, info, [&](const artifact::Manifest &manifest) {
    auto owner = at(manifest.entries, entry, "entry");
    return !owner ? owner.status()
                  : fillFrom((*owner)->inputs, index, "input", [&](const artifact::InputSpec &i) {
                      *info = {i.name.c_str(), dtypeOf(i.dtype), rankOf(i.shape),   i.shape.data(),
                               i.classes,      i.ignoreIndex,    i.isTarget ? 1 : 0};
                    });
  });
}

ntc_status_t ntc_program_output(const ntc_program_t *program, size_t entry, size_t index,
                                ntc_output_info_t *info) {
  return describe(program, info, [&](const artifact::Manifest &manifest) {
    auto owner = at(manifest.entries, entry, "entry");
    return !owner
               ? owner.status()
               : fillFrom((*owner)->outputs, index, "output", [&](const artifact::OutputSpec &o) {
                   *info = {o.name.c_str(), o.isMetric ? 1 : 0, dtypeOf(o.dtype), rankOf(o.shape),
                            o.shape.data()};
                 });
  });
}

ntc_status_t ntc_session_create(ntc_program_t *program, const ntc_session_options_t *options,
                                ntc_session_t **session) {
  return guarded([&]() -> Status {
    if (program == nullptr || session == nullptr) {
      return nullArgument(program == nullptr ? "program" : "session");
    }
    auto created = std::make_unique<ntc_session_t>();
    auto known = readSessionOptions(options, *created);
    if (!known) {
      return known.status();
    }
    auto inner = exec::Session::create(program->artifact, known.take());
    if (!inner) {
      return inner.status();
    }
    created->session = inner.take();
    *session = created.release();
    return Status::ok();
  });
}

void ntc_session_destroy(ntc_session_t *session) { delete session; }

ntc_status_t ntc_session_initialize(ntc_session_t *session, int64_t seed) {
  return guarded([&]() -> Status {
    return session == nullptr ? nullArgument("session") : session->session->initialize(seed);
  });
}

ntc_status_t ntc_session_train_step(ntc_session_t *session, const ntc_tensor_t *batch, size_t count,
                                    ntc_metrics_t *metrics) {
  return runStep(session, batch, count, metrics, &exec::Session::trainStep);
}

ntc_status_t ntc_session_eval_step(ntc_session_t *session, const ntc_tensor_t *batch, size_t count,
                                   ntc_metrics_t *metrics) {
  return runStep(session, batch, count, metrics, &exec::Session::evalStep);
}

ntc_status_t ntc_session_predict(ntc_session_t *session, const ntc_tensor_t *batch, size_t count) {
  return guarded([&]() -> Status {
    if (session == nullptr) {
      return nullArgument("session");
    }
    Status status = readBatch(batch, count, session->batch);
    return status ? session->session->predict(session->batch) : status;
  });
}

ntc_status_t ntc_session_output(ntc_session_t *session, const char *name, ntc_tensor_t *output) {
  return guarded([&]() -> Status {
    if (session == nullptr || name == nullptr || output == nullptr) {
      return nullArgument(session == nullptr ? "session" : name == nullptr ? "name" : "output");
    }
    auto view = session->session->output(name);
    if (view) {
      *output = {view->name.data(), view->data, dtypeOf(view->dtype),
                 static_cast<int32_t>(view->shape.size()), view->shape.data()};
    }
    return view.status();
  });
}

ntc_status_t ntc_session_set_control(ntc_session_t *session, const char *name, double value) {
  return guarded([&]() -> Status {
    if (session == nullptr || name == nullptr) {
      return nullArgument(session == nullptr ? "session" : "name");
    }
    return session->session->setControl(name, value);
  });
}

ntc_status_t ntc_session_get_control(ntc_session_t *session, const char *name, double *value) {
  return guarded([&]() -> Status {
    if (session == nullptr || name == nullptr || value == nullptr) {
      return nullArgument(session == nullptr ? "session" : name == nullptr ? "name" : "value");
    }
    auto control = session->session->control(name);
    if (control) {
      *value = *control;
    }
    return control.status();
  });
}

ntc_status_t ntc_session_get_position(ntc_session_t *session, ntc_position_t *position) {
  return guarded([&]() -> Status {
    if (session == nullptr || position == nullptr) {
      return nullArgument(session == nullptr ? "session" : "position");
    }
    const exec::Position &p = session->session->position();
    *position = {p.step, p.epoch, p.cursor, p.seed};
    return Status::ok();
  });
}

ntc_status_t ntc_session_set_position(ntc_session_t *session, const ntc_position_t *position) {
  return guarded([&]() -> Status {
    if (session == nullptr || position == nullptr) {
      return nullArgument(session == nullptr ? "session" : "position");
    }
    return session->session->setPosition(
        {position->step, position->epoch, position->cursor, position->seed});
  });
}

namespace {

/// The bytes of a state, whose size the caller knows.
Result<std::span<uint8_t>> stateOfSize(ntc_session_t *session, const char *name, const void *data,
                                       size_t sizeBytes) {
  if (session == nullptr || name == nullptr || (data == nullptr && sizeBytes != 0)) {
    return nullArgument(session == nullptr ? "session" : name == nullptr ? "name" : "data");
  }
  auto state = session->session->state(name);
  if (state && state->size() != sizeBytes) {
    return error(Code::InvalidArgument, "state ", quoted(name), " has ", state->size(),
                 " bytes, the caller's buffer ", sizeBytes);
  }
  return state;
}

} // namespace

ntc_status_t ntc_session_read_state(ntc_session_t *session, const char *name, void *data,
                                    size_t size_bytes) {
  return guarded([&]() -> Status {
    auto state = stateOfSize(session, name, data, size_bytes);
    if (state) {
      std::copy(state->begin(), state->end(), static_cast<uint8_t *>(data));
    }
    return state.status();
  });
}

ntc_status_t ntc_session_write_state(ntc_session_t *session, const char *name, const void *data,
                                     size_t size_bytes) {
  return guarded([&]() -> Status {
    auto state = stateOfSize(session, name, data, size_bytes);
    if (state) {
      std::copy_n(static_cast<const uint8_t *>(data), size_bytes, state->begin());
    }
    return state.status();
  });
}

ntc_status_t ntc_session_save(ntc_session_t *session, const char *path) {
  return guarded([&]() -> Status {
    if (session == nullptr || path == nullptr) {
      return nullArgument(session == nullptr ? "session" : "path");
    }
    return exec::saveCheckpoint(*session->session, path);
  });
}

ntc_status_t ntc_session_load(ntc_session_t *session, const char *path) {
  return guarded([&]() -> Status {
    if (session == nullptr || path == nullptr) {
      return nullArgument(session == nullptr ? "session" : "path");
    }
    return exec::loadCheckpoint(*session->session, path);
  });
}

ntc_status_t ntc_session_load_weights(ntc_session_t *session, const char *path, int32_t strict) {
  return guarded([&]() -> Status {
    if (session == nullptr || path == nullptr) {
      return nullArgument(session == nullptr ? "session" : "path");
    }
    auto strictness = strict != 0 ? exec::Strictness::AllMatch : exec::Strictness::LoadWhatFits;
    return exec::loadWeights(*session->session, path, strictness).status();
  });
}
