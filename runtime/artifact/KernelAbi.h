/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The ABI between compiled kernels and the runtime. This header includes nothing and is C, so that
 * generated code, the runtime and hand-written test kernels can share it.
 *
 * A kernel computes a range of the work groups of one dispatch. Work groups are independent: any
 * partition of [0, group_count) over any number of threads gives the same bits. A kernel allocates
 * nothing from the heap, keeps no state between calls, calls nothing but libm, and may be called
 * from several threads at once on disjoint ranges. It returns 0; other values are reserved.
 *
 * Everything that a kernel reads or writes is an operand: state, activations, batch inputs, and
 * also the control block (hyperparameters, seed, step), whose cells are operands of one element.
 * Buffers of the arena are 64-byte aligned; batch inputs are aligned to their element only.
 */
#ifndef NTC_RUNTIME_ARTIFACT_KERNELABI_H
#define NTC_RUNTIME_ARTIFACT_KERNELABI_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ntc_kernel_args_t {
  /* Base address of each operand, in the order of the call's operand list. Owned by the runtime. */
  void *const *operands;
  /* First work group to compute. */
  long long group_begin;
  /* One past the last work group to compute. */
  long long group_end;
} ntc_kernel_args_t;

typedef int (*ntc_kernel_t)(const ntc_kernel_args_t *args);

/* The one symbol that an artifact exports, `ntc_artifact_v1`, is an object of this type. The
 * manifest is a separate ELF section, `.ntc.manifest`, read and checked before the file is opened
 * as code. */
typedef struct ntc_artifact_v1_t {
  /* sizeof(ntc_artifact_v1_t) when the artifact was compiled. */
  unsigned long long size;
  /* Number of entries of `kernels`; equals the manifest's kernelCount. */
  unsigned long long kernel_count;
  const ntc_kernel_t *kernels;
  /* First byte of the section `.ntc.manifest` in memory; zeros in an artifact that was exported
   * with trained parameters, whose manifest is not loaded (runtime/artifact/ReplaceManifest.h). */
  const void *manifest;
} ntc_artifact_v1_t;

#ifdef __cplusplus
}
#endif
#endif
