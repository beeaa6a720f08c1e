/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A user's own data set: a shared library that `--data library:FILE.so` opens. It exports one
 * function, ntc_dataset_open, which fills in a struct; the loader then asks for samples by number.
 * In C++, <ntc/dataset.hpp> makes one of a class with `size` and `get`.
 *
 *   static const char *get(void *self, int64_t index, void *const *outputs) {
 *     if (outputs[0]) { ((float *)outputs[0])[0] = 0.5f * index; }
 *     if (outputs[1]) { *(int64_t *)outputs[1] = index % 2; }
 *     return NULL;
 *   }
 *   NTC_API const char *ntc_dataset_open(const char *argument, ntc_dataset_t *dataset) {
 *     static const int64_t shape[] = {1};
 *     static const ntc_field_t fields[] = {{"x", NTC_F32, 1, shape, 0, 0},
 *                                          {"y", NTC_I64, 0, NULL, 1, 2}};
 *     dataset->size = 1000;
 *     dataset->field_count = 2;
 *     dataset->fields = fields;
 *     dataset->get = get;
 *     return NULL;
 *   }
 *
 * Functions return NULL, or one sentence that says what is wrong; the text lives until the thread's
 * next call.
 */
#ifndef NTC_DATASET_H
#define NTC_DATASET_H

#include "ntc/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One named tensor of every sample. */
typedef struct ntc_field_t {
  const char *name; /* UTF-8, unlike those of the other fields */
  ntc_dtype_t dtype;
  int32_t rank;         /* at most 8 */
  const int64_t *shape; /* `rank` numbers from 1, without a batch dimension; NULL for a scalar */
  int32_t is_target;    /* 1: a label or a target of regression */
  int64_t classes;      /* above 0: labels of a whole-number type, each in [0, classes) */
} ntc_field_t;

/* A data set. Pointers in it belong to the library and live until `destroy`. */
typedef struct ntc_dataset_t {
  size_t struct_size; /* set by the caller of ntc_dataset_open: what it knows of */
  void *self;         /* handed to the functions */
  int64_t size;       /* samples, at least 1 */
  size_t field_count;
  const ntc_field_t *fields;
  size_t class_count; /* names of labels; 0: they have none */
  const char *const *class_names;
  /* Writes field i of sample `index` to outputs[i], row-major; a NULL there asks for nothing.
   * Called from several threads at once. What it writes must depend on `index` alone, or runs do
   * not repeat. */
  const char *(*get)(void *self, int64_t index, void *const *outputs);
  void (*destroy)(void *self); /* NULL: nothing to destroy */
} ntc_dataset_t;

/* What the library exports. `argument` is that of `library:FILE.so?argument=…`, "" without it; the
 * struct is zero but for its size. */
NTC_API const char *ntc_dataset_open(const char *argument, ntc_dataset_t *dataset);

#ifdef __cplusplus
}
#endif

#endif
