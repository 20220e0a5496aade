/*
 * The forms there are.
 */
#include "outputs.h"

const struct output_form *const output_forms[] = { &output_json, &output_junit, &output_tap, NULL };
