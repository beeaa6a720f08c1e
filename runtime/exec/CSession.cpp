// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C interface's sessions: checks what C cannot express, then calls exec::Session.
#include "runtime/exec/CBorder.h"
#include "runtime/exec/Session.h"
#include "runtime/exec/StateFile.h"

using namespace ntc::rt;
using namespace ntc::rt::exec;

struct ntc_session_t {
  std::unique_ptr<device::Allocator> allocator; ///< null: the session's own
  std::unique_ptr<exec::Session> session;
  std::vector<exec::TensorView> batch;
  std::vector<ntc_metric_t> metrics;
};

namespace {

constexpr size_t kSessionOptionsV1 = sizeof(ntc_session_options_t);
constexpr size_t kAllocatorV1 = sizeof(ntc_allocator_t);

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
  result.threadUse = options->all_threads != 0 ? exec::ThreadUse::All : exec::ThreadUse::Fastest;
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

ntc_status_t ntc_session_accumulate_step(ntc_session_t *session, const ntc_tensor_t *batch,
                                         size_t count, ntc_metrics_t *metrics) {
  return runStep(session, batch, count, metrics, &exec::Session::accumulateStep);
}

ntc_status_t ntc_session_average(ntc_session_t *session) {
  return guarded([&]() -> Status {
    return session == nullptr ? nullArgument("session") : session->session->average();
  });
}

ntc_status_t ntc_session_swap_averages(ntc_session_t *session) {
  return guarded([&]() -> Status {
    if (session == nullptr) {
      return nullArgument("session");
    }
    return session->session->swapAverages();
  });
}

ntc_status_t ntc_session_update_bn(ntc_session_t *session, const ntc_tensor_t *batch,
                                   size_t count) {
  return guarded([&]() -> Status {
    if (session == nullptr) {
      return nullArgument("session");
    }
    Status status = readBatch(batch, count, session->batch);
    return status ? session->session->updateBn(session->batch) : status;
  });
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
    const int64_t accumulated = session->session->position().accumulated;
    return session->session->setPosition(
        {position->step, position->epoch, position->cursor, position->seed, accumulated});
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
