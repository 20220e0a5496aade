/*
 * What came of a play: grades what its instances have in their journals, prints it, writes the
 * reports that were asked for. Steps and outcomes are not known here (that takes clientsuite), so
 * checks that need them are not judged.
 */
#ifndef FP_JUDGE_H
#define FP_JUDGE_H

#include "instance.h"
#include "options.h"
#include "report.h"

enum { JUDGE_JOURNAL_OCTETS = 64 << 20 }; /* that much of a case with checks is kept in memory */

struct judge;

/* Opens the files of the reports. NULL, after a message: one cannot be written. */
struct judge *judge_new(const struct options *, size_t parts);
void judge_free(struct judge *); /* NULL is fine */

/* Writes `end` into the instance's journal, and grades it; to be called once for each, in order,
 * before they stop. The name and the scenario are only lent, until judge_free(). */
void judge_part(struct judge *, const char *name, struct instance *);

/* The same for a case that may go on: without `end`, unless the journal has it. */
void judge_so_far(struct judge *, const char *name, struct instance *);
/* What the grading of a part came to. */
const struct reported *judge_reported(const struct judge *, size_t part);

/* Was the part put to the test? */
bool judge_was_played(const struct judge *, size_t part);
/* The verdict on one line, behind what the caller has printed, and the table below. False: it has
 * no checks that can be judged here, and nothing was printed. */
bool judge_print(const struct judge *, size_t part, FILE *);

/* What went wrong, why, and what to do about it; nothing where nothing did. */
void judge_explain(const struct judge *, size_t part, FILE *);

/* 0, 1, 3 or 4 (options.h): the worst that a part came to. */
int judge_exit_code(const struct judge *);
/* command: NULL if there was none. 0, or -1 after a message. */
int judge_write_reports(struct judge *, const struct reported_command *command, int exit_code);

#endif
