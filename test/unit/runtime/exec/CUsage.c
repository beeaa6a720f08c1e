/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The program of the C header's introduction, compiled as C: opens, trains, saves, and resumes.
 */
#include "ntc/runtime.h"

ntc_status_t ntc_test_use_from_c(const char *model, const char *state, int steps, double *loss) {
  static float x[16 * 5];
  static float y[16];
  static int64_t group[16];
  const int64_t x_shape[] = {16, 5};
  const int64_t y_shape[] = {16};
  const ntc_tensor_t batch[] = {{"x", x, NTC_F32, 2, x_shape},
                                {"y", y, NTC_F32, 1, y_shape},
                                {"group", group, NTC_I64, 1, y_shape}};
  ntc_program_t *program;
  ntc_session_t *session;
  ntc_metrics_t metrics;
  int i;
  for (i = 0; i < 16 * 5; ++i) {
    x[i] = (float)(i % 7) / 7;
    y[i % 16] = x[i];
  }
  NTC_CHECK(ntc_program_open(model, NULL, &program));
  NTC_CHECK(
      ntc_session_create(program, &(ntc_session_options_t){.threads = 2, .seed = 1}, &session));
  for (i = 0; i < steps; ++i) {
    NTC_CHECK(ntc_session_train_step(session, batch, 3, &metrics));
  }
  NTC_CHECK(ntc_session_save(session, state));
  NTC_CHECK(ntc_session_load(session, state));
  *loss = metrics.metrics[0].sum / metrics.metrics[0].count;
  ntc_session_destroy(session);
  ntc_program_release(program);
  return NTC_OK;
}
