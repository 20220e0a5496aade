/*
 * Members of a JSON object that is being written, each behind a comma where one is needed. The
 * object's brace is in the buf already.
 */
#ifndef FP_MEMBER_H
#define FP_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

void member_name(struct buf *, const char *name); /* the caller writes the value */
void member_text(struct buf *, const char *name, const char *text); /* NULL: null */
void member_number(struct buf *, const char *name, int64_t);
void member_flag(struct buf *, const char *name, bool);
void member_numbers(struct buf *, const char *name, const uint64_t *numbers, size_t count);

#endif
