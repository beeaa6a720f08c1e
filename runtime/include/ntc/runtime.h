/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of ntc's runtime: open a compiled training program, give it batches, save and
 * resume its state.
 *
 *   ntc_program_t *program;
 *   ntc_session_t *session;
 *   NTC_CHECK(ntc_program_open("model.so", NULL, &program));
 *   NTC_CHECK(ntc_session_create(program, &(ntc_session_options_t){.threads = 2, .seed = 1},
 * &session)); for (int i = 0; i < steps; ++i) NTC_CHECK(ntc_session_train_step(session, batch, 2,
 * &metrics)); NTC_CHECK(ntc_session_save(session, "state.safetensors"));
 *   ntc_session_destroy(session);
 *   ntc_program_release(program);
 *
 * Conventions, for every function unless it says otherwise:
 *  - It returns NTC_OK or a code; `ntc_last_error_message` then has one sentence for the calling
 * thread. The library does not throw, abort, exit, print or install signal handlers.
 *  - Results come through the last parameters, which are written only on success. Strings are
 * UTF-8, zero-terminated.
 *  - `const` pointers that go in are borrowed for the duration of the call. Pointers that come out
 * belong to the library and live as stated at the function.
 *  - A program may be used from any number of threads. A session may be used from one thread at a
 * time; different sessions are independent, also of one program.
 *  - Option structs begin with their size, so that fields can be added: set it to sizeof the
 * struct. Zero means the struct of the first version of this header. A zeroed field means its
 * default, and NULL all defaults.
 *  - Possible codes of every function: NTC_INVALID_ARGUMENT for a null pointer that is not allowed,
 * NTC_OUT_OF_MEMORY, NTC_INTERNAL. Others are listed.
 */
#ifndef NTC_RUNTIME_H
#define NTC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define NTC_API __attribute__((visibility("default")))
#else
#define NTC_API
#endif

/* In C++ the enumerations have the type that they have in C compilers, so that any value may be
 * passed and is checked. */
#ifdef __cplusplus
#define NTC_ENUM_BASE : int32_t
extern "C" {
#else
#define NTC_ENUM_BASE
#endif

/* ---- Status ---- */

typedef enum ntc_status_t NTC_ENUM_BASE {
  NTC_OK = 0,
  NTC_INVALID_ARGUMENT = 1, /* the caller passed what the function's contract forbids */
  NTC_NOT_FOUND = 2,        /* no file, state, control, entry or output of that name */
  NTC_CORRUPT = 3,          /* bytes are not what their format or checksum promises */
  NTC_VERSION = 4,          /* a sound file of a version that this library does not read */
  NTC_UNSUPPORTED = 5,      /* well formed, but this machine or library cannot do it */
  NTC_IO = 6,               /* the operating system refused; the sentence has its reason */
  NTC_OUT_OF_MEMORY = 7,
  NTC_INTERNAL = 8, /* a broken invariant of the library */
  NTC_CANCELLED = 9
} ntc_status_t;

/* "ok", "invalid argument", …. Never NULL; static. */
NTC_API const char *ntc_status_name(ntc_status_t status);

/* The sentence of the last failed call on this thread, "" when there was none. Never NULL; valid
 * until this thread's next failing call of the library. A successful call leaves it as it is. */
NTC_API const char *ntc_last_error_message(void);

/* The library's version, "MAJOR.MINOR.PATCH". Static. */
NTC_API const char *ntc_version(void);

/* Returns from the enclosing function, which must return ntc_status_t, when `call` fails. Define it
 * before including this header to do something else, such as printing ntc_last_error_message() and
 * exiting. */
#ifndef NTC_CHECK
#define NTC_CHECK(call)                                                                            \
  do {                                                                                             \
    ntc_status_t ntc_check_status = (call);                                                        \
    if (ntc_check_status != NTC_OK) {                                                              \
      return ntc_check_status;                                                                     \
    }                                                                                              \
  } while (0)
#endif

/* ---- Tensors ---- */

typedef enum ntc_dtype_t NTC_ENUM_BASE {
  NTC_F32 = 1,
  NTC_F64 = 2,
  NTC_I32 = 3,
  NTC_I64 = 4,
  NTC_U8 = 5,
  NTC_BOOL = 6, /* one byte, 0 or 1 */
  NTC_F16 = 7,
  NTC_BF16 = 8
} ntc_dtype_t;

/* Bytes per element; 0 for a value that is no ntc_dtype_t. */
NTC_API size_t ntc_dtype_size(ntc_dtype_t dtype);

/* A dense, row-major tensor in the caller's memory, aligned to its element. */
typedef struct ntc_tensor_t {
  const char *name; /* name of the program's input; NULL in all tensors of a batch: by position */
  const void *data;
  ntc_dtype_t dtype;
  int32_t rank;
  const int64_t *shape; /* `rank` numbers; the first is the batch size */
} ntc_tensor_t;

/* ---- Programs ---- */

/* A compiled program. Reference counted: sessions keep their program alive. */
typedef struct ntc_program_t ntc_program_t;

typedef struct ntc_program_options_t {
  size_t size; /* sizeof(ntc_program_options_t), or 0 */
} ntc_program_options_t;

/* Opens a compiled model.so. Its manifest (version, checksum, instruction sets) is checked before
 * any of its code is loaded. An artifact is native code: opening one is running a program.
 * `options` may be NULL. Codes: NTC_NOT_FOUND, NTC_IO, NTC_CORRUPT, NTC_VERSION, NTC_UNSUPPORTED
 * (an instruction set is missing: named). */
NTC_API ntc_status_t ntc_program_open(const char *path, const ntc_program_options_t *options,
                                      ntc_program_t **program);

/* Gives the program back; it goes away after its last session. NULL is allowed. */
NTC_API void ntc_program_release(ntc_program_t *program);

typedef struct ntc_program_info_t {
  const char *model_name;
  const char *ntc_version; /* of the compiler */
  const char
      *program_hash;     /* SHA-256 in hexadecimal over names, shapes, types, roles and the step */
  const char *precision; /* "f32", "f64" */
  const char *cpu;       /* the processor it was compiled for */
  uint64_t arena_bytes;  /* all memory that a session computes in */
  size_t state_count;
  size_t control_count;
  size_t entry_count;
  const char *train_spec_json; /* the recipe, in protobuf's JSON form; may be "" */
} ntc_program_info_t;

/* Pointers in `info` live as long as the program. */
NTC_API ntc_status_t ntc_program_info(const ntc_program_t *program, ntc_program_info_t *info);

typedef enum ntc_role_t NTC_ENUM_BASE {
  NTC_ROLE_PARAMETER = 0,
  NTC_ROLE_BUFFER = 1,
  NTC_ROLE_MOMENT = 2,
  NTC_ROLE_COUNTER = 3
} ntc_role_t;

typedef struct ntc_state_info_t {
  const char *name; /* state_dict name, or optimizer.SLOT.PARAMETER */
  ntc_role_t role;
  ntc_dtype_t dtype;
  int32_t rank;
  const int64_t *shape;
  uint64_t size_bytes;
} ntc_state_info_t;

/* State number `index` below state_count. Pointers live as long as the program. */
NTC_API ntc_status_t ntc_program_state(const ntc_program_t *program, size_t index,
                                       ntc_state_info_t *info);

typedef struct ntc_control_info_t {
  const char *name; /* "lr", "momentum", …; "seed" and "step" are there too, read-only */
  double default_value;
} ntc_control_info_t;

NTC_API ntc_status_t ntc_program_control(const ntc_program_t *program, size_t index,
                                         ntc_control_info_t *info);

typedef enum ntc_entry_kind_t NTC_ENUM_BASE {
  NTC_ENTRY_INIT = 0,
  NTC_ENTRY_TRAIN_STEP = 1,
  NTC_ENTRY_EVAL_STEP = 2,
  NTC_ENTRY_PREDICT = 3,
  NTC_ENTRY_ACCUMULATE = 4,
  NTC_ENTRY_AVERAGE = 5,
  NTC_ENTRY_UPDATE_BN = 6
} ntc_entry_kind_t;

typedef struct ntc_entry_info_t {
  const char *name; /* "train_step.b32" */
  ntc_entry_kind_t kind;
  int64_t batch_size; /* 0 for init and average */
  size_t input_count;
  size_t output_count;
  int64_t from_epoch; /* > 0: runs instead of entries of its kind and batch size with a smaller
                       * from_epoch when the position has reached this epoch */
} ntc_entry_info_t;

NTC_API ntc_status_t ntc_program_entry(const ntc_program_t *program, size_t index,
                                       ntc_entry_info_t *info);

typedef struct ntc_input_info_t {
  const char *name;
  ntc_dtype_t dtype;
  int32_t rank;
  const int64_t *shape;
  int64_t classes; /* > 0: elements lie in [0, classes) or equal ignore_index */
  int64_t ignore_index;
  int32_t is_target; /* 1: a label or a regression target */
} ntc_input_info_t;

NTC_API ntc_status_t ntc_program_input(const ntc_program_t *program, size_t entry, size_t index,
                                       ntc_input_info_t *info);

typedef struct ntc_output_info_t {
  const char *name;
  int32_t is_metric; /* 1: a (sum, count) pair that steps return as ntc_metric_t */
  ntc_dtype_t dtype;
  int32_t rank;
  const int64_t *shape;
} ntc_output_info_t;

NTC_API ntc_status_t ntc_program_output(const ntc_program_t *program, size_t entry, size_t index,
                                        ntc_output_info_t *info);

/* ---- Sessions ---- */

/* A program bound to memory and threads, with its state. */
typedef struct ntc_session_t ntc_session_t;

/* Memory for the session's arena. Must return zeroed memory at a multiple of `alignment`, or NULL.
 * Both functions get `user`. They must outlive the session. */
typedef struct ntc_allocator_t {
  size_t size; /* sizeof(ntc_allocator_t), or 0 */
  void *user;
  void *(*allocate)(void *user, uint64_t size_bytes, uint64_t alignment);
  void (*deallocate)(void *user, void *block, uint64_t size_bytes);
} ntc_allocator_t;

typedef struct ntc_session_options_t {
  size_t size;          /* sizeof(ntc_session_options_t), or 0 */
  uint32_t threads;     /* At most; 0: as many as this process may run at once. Fewer compute where
                           steps are measured to be faster so. Results do not depend on it. */
  int64_t seed;         /* 0: the program's own seed; ntc_session_initialize takes any */
  int32_t no_pinning;   /* 1: workers are not bound to cores */
  int32_t check_memory; /* 1: guard pages and NaN in dead memory; same results, slower */
  int32_t huge_pages;   /* 1: advise the system to use huge pages */
  int32_t all_threads;  /* 1: every step uses all threads */
  const ntc_allocator_t *allocator; /* NULL: pages of the system. The struct itself is copied. */
} ntc_session_options_t;

/* Makes a session in its initial state. `options` may be NULL.
 * Codes: NTC_NOT_FOUND, NTC_CORRUPT, NTC_IO for a weights file beside the program. */
NTC_API ntc_status_t ntc_session_create(ntc_program_t *program,
                                        const ntc_session_options_t *options,
                                        ntc_session_t **session);

/* Ends the session and frees its memory. NULL is allowed. */
NTC_API void ntc_session_destroy(ntc_session_t *session);

/* Starts over: initial state drawn from `seed`, default controls, step 0. Codes: as
 * ntc_session_create. */
NTC_API ntc_status_t ntc_session_initialize(ntc_session_t *session, int64_t seed);

/* One metric; the mean is sum / count. Over many steps, add sums and counts. */
typedef struct ntc_metric_t {
  const char *name; /* lives as long as the program */
  double sum;
  double count;
} ntc_metric_t;

typedef struct ntc_metrics_t {
  const ntc_metric_t *metrics; /* valid until the session's next call */
  size_t count;
  int32_t is_finite; /* 0: the loss is NaN or infinite; the step was done nevertheless */
} ntc_metrics_t;

/* One optimizer step on a batch of `count` tensors, whose first dimension selects the compiled
 * size. The tensors are read in place. `metrics` may be NULL. Codes: NTC_INVALID_ARGUMENT (the
 * batch does not fit or holds a class out of range: names the input, the place and the value;
 * nothing was changed), NTC_NOT_FOUND (no entry of that batch size: lists those there are). */
NTC_API ntc_status_t ntc_session_train_step(ntc_session_t *session, const ntc_tensor_t *batch,
                                            size_t count, ntc_metrics_t *metrics);

/* Gradient accumulation, of programs compiled with --accumulate: the gradients of this batch join
 * those of the next ntc_session_train_step, which then steps as if all batches since the last one
 * were a single one. Checkpoints between them continue bit for bit. Codes: as
 * ntc_session_train_step. */
NTC_API ntc_status_t ntc_session_accumulate_step(ntc_session_t *session, const ntc_tensor_t *batch,
                                                 size_t count, ntc_metrics_t *metrics);

/* Averages of the weights, of programs compiled with --average. ntc_session_average updates them
 * after a step or an epoch. ntc_session_swap_averages exchanges weights and averages, not before
 * the first update (NTC_INVALID_ARGUMENT); a second call exchanges them back, and until then
 * training steps, saving and loading are refused so. ntc_session_update_bn, between the two, takes
 * a batch of the model's inputs for new statistics of batch normalization: set the control
 * "bn_batches" to the number of batches before it. Codes: NTC_NOT_FOUND; as ntc_session_train_step.
 */
NTC_API ntc_status_t ntc_session_average(ntc_session_t *session);
NTC_API ntc_status_t ntc_session_swap_averages(ntc_session_t *session);
NTC_API ntc_status_t ntc_session_update_bn(ntc_session_t *session, const ntc_tensor_t *batch,
                                           size_t count);

/* Metrics of a batch; no state changes. Codes: as ntc_session_train_step. */
NTC_API ntc_status_t ntc_session_eval_step(ntc_session_t *session, const ntc_tensor_t *batch,
                                           size_t count, ntc_metrics_t *metrics);

/* Computes the model's outputs, read with ntc_session_output. Codes: as ntc_session_train_step. */
NTC_API ntc_status_t ntc_session_predict(ntc_session_t *session, const ntc_tensor_t *batch,
                                         size_t count);

/* A named output of the entry that ran last, in the session's memory until its next call. Codes:
 * NTC_NOT_FOUND. */
NTC_API ntc_status_t ntc_session_output(ntc_session_t *session, const char *name,
                                        ntc_tensor_t *output);

/* Hyperparameters, effective from the next step on. Codes: NTC_NOT_FOUND (lists the names);
 * NTC_INVALID_ARGUMENT for a value that is not finite, and for "seed" and "step", see
 * ntc_session_set_position. */
NTC_API ntc_status_t ntc_session_set_control(ntc_session_t *session, const char *name,
                                             double value);
NTC_API ntc_status_t ntc_session_get_control(ntc_session_t *session, const char *name,
                                             double *value);

/* Where training stands. `step` counts completed training steps and is kept by the library; `epoch`
 * and `cursor` (samples of the epoch that were used) are the host's. All four are saved and loaded.
 */
typedef struct ntc_position_t {
  int64_t step;
  int64_t epoch;
  int64_t cursor;
  int64_t seed;
} ntc_position_t;

NTC_API ntc_status_t ntc_session_get_position(ntc_session_t *session, ntc_position_t *position);
/* Codes: NTC_INVALID_ARGUMENT for a negative step, epoch or cursor. */
NTC_API ntc_status_t ntc_session_set_position(ntc_session_t *session,
                                              const ntc_position_t *position);

/* Copies a state's row-major values out of or into the session. `size_bytes` must be the state's.
 * Codes: NTC_NOT_FOUND, NTC_INVALID_ARGUMENT (the size differs). */
NTC_API ntc_status_t ntc_session_read_state(ntc_session_t *session, const char *name, void *data,
                                            size_t size_bytes);
NTC_API ntc_status_t ntc_session_write_state(ntc_session_t *session, const char *name,
                                             const void *data, size_t size_bytes);

/* Writes a checkpoint (safetensors): temporary file, sync, rename. After an error the old file is
 * intact. Codes: NTC_IO. */
NTC_API ntc_status_t ntc_session_save(ntc_session_t *session, const char *path);

/* Continues from a checkpoint of the same program, bit for bit. After an error the session is as it
 * was. Codes: NTC_NOT_FOUND, NTC_IO, NTC_UNSUPPORTED, NTC_CORRUPT (damaged), NTC_INVALID_ARGUMENT
 * (of another program, or tensors missing, unexpected or of another shape: listed). */
NTC_API ntc_status_t ntc_session_load(ntc_session_t *session, const char *path);

/* Loads parameters and buffers by state_dict name from a safetensors file of any origin;
 * floating-point values are converted to the program's type. `strict` 0 passes over missing and
 * unexpected names and, when something was passed over, still returns NTC_OK. After an error the
 * session is as it was. Codes: as ntc_session_load. */
NTC_API ntc_status_t ntc_session_load_weights(ntc_session_t *session, const char *path,
                                              int32_t strict);

#ifdef __cplusplus
}
#endif
#endif
