// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C interface's programs: opening and describing them.
#include "runtime/exec/CBorder.h"

using namespace ntc::rt;
using namespace ntc::rt::exec;

namespace {

constexpr size_t kProgramOptionsV1 = sizeof(ntc_program_options_t);

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

int32_t rankOf(const std::vector<int64_t> &shape) { return static_cast<int32_t>(shape.size()); }

} // namespace

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
      *info = {e.name.c_str(),   static_cast<ntc_entry_kind_t>(e.kind),
               e.batchSize,      e.inputs.size(),
               e.outputs.size(), e.fromEpoch};
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
