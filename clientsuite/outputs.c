/*
 * The forms there are, and what they have in common.
 */
#include "outputs.h"

const struct output_form *const output_forms[] = { &output_json, &output_junit, &output_tap,
                                                   &output_html, &output_md,    NULL };

bool output_shows(const struct verdict *v, enum baseline_mark mark)
{
    return !v->house || v->kind == VERDICT_FAIL || mark;
}
