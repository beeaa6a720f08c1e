/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A data set as a user writes one in C: the target "parity" comes before the inputs on purpose. The
 * argument chooses what is wrong. */
#include <ntc/dataset.h>
#include <string.h>

static const char *get(void *self, int64_t index, void *const *outputs) {
  if (index == 13 && self) {
    return "thirteen is missing";
  }
  if (outputs[0]) {
    *(int32_t *)outputs[0] = index == 99 && self ? 2 : (int32_t)(index % 2);
  }
  if (outputs[1]) {
    for (int i = 0; i < 6; ++i) {
      ((float *)outputs[1])[i] = (float)index + 0.5f * (float)i;
    }
  }
  if (outputs[2]) {
    *(uint8_t *)outputs[2] = (uint8_t)index;
  }
  return NULL;
}

NTC_API const char *ntc_dataset_open(const char *argument, ntc_dataset_t *dataset) {
  static const int64_t shape[] = {2, 3}, huge[] = {INT64_MAX, INT64_MAX}, none[] = {2, 0};
  static const char *const names[] = {"even", "odd"};
  static ntc_field_t fields[3];
  fields[0] = (ntc_field_t){"parity", NTC_I32, 0, NULL, 1, 2};
  fields[1] = (ntc_field_t){"x", NTC_F32, 2, shape, 0, 0};
  fields[2] = (ntc_field_t){"byte", NTC_U8, 0, NULL, 0, 0};
  if (strcmp(argument, "refuse") == 0) {
    return "nothing today";
  }
  fields[1].shape = strcmp(argument, "huge") == 0   ? huge
                    : strcmp(argument, "none") == 0 ? none
                                                    : shape;
  fields[1].rank = strcmp(argument, "rank") == 0 ? 9 : 2;
  fields[1].dtype = strcmp(argument, "dtype") == 0 ? (ntc_dtype_t)77 : NTC_F32;
  fields[1].name = strcmp(argument, "name") == 0 ? "parity" : "x";
  fields[0].dtype = strcmp(argument, "label") == 0 ? NTC_F32 : NTC_I32;
  dataset->self = strcmp(argument, "broken") == 0 ? fields : NULL;
  dataset->size = strcmp(argument, "empty") == 0 ? 0 : 200;
  dataset->field_count = 3;
  dataset->fields = fields;
  dataset->class_count = 2;
  dataset->class_names = names;
  dataset->get = get;
  return NULL;
}
