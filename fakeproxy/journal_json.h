/*
 * The journal as JSON Lines: one event, one object, one line (docs/scenario.md, Journal).
 */
#ifndef FP_JOURNAL_JSON_H
#define FP_JOURNAL_JSON_H

#include <stdbool.h>

#include "buf.h"
#include "event.h"
#include "journal.h"

/* Appends the event and a newline. redact: values of credential fields are left out. */
void journal_json(struct buf *, const struct fp_event *, bool redact);

struct journal_file; /* writes the events of journals to a file */

/* path "-": standard output. NULL: errno. `failed` is called once, when a write fails, with errno
 * set: from then on nothing is written. */
struct journal_file *journal_file_open(const char *path, bool redact, void (*failed)(void *),
                                       void *arg);
/* Adds a journal whose events are written. scenario: told in every line, as `scenario`, where the
 * file gets the events of several; NULL: not told. It is copied. */
void journal_file_add(struct journal_file *, struct journal *, const char *scenario);
/* Writes what is buffered. */
void journal_file_flush(struct journal_file *);
/* Flushes and closes. -1: some event could not be written (errno). */
int journal_file_close(struct journal_file *);

#endif
