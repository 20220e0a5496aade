/*
 * Evidence: what a case left, in a folder of its own below FOLDER/CLIENT/ID: `scenario.json`, the
 * file as it was; `journal.jsonl`; `case.json`: who, which variant, what grading needs beside the
 * journal. `clientsuite grade` judges it again, without the client.
 */
#ifndef CS_EVIDENCE_H
#define CS_EVIDENCE_H

#include "results.h"

struct baseline;

/* 0, or -1 after a message on standard error. The case has a record with a journal. baseline NULL:
 * there is none. */
int evidence_write(const char *folder, const struct results *, const struct case_result *,
                   const struct baseline *);

/* What was kept, judged again; free it with evidence_free(). */
struct evidence {
    struct scenario_set set;
    const struct scenario *scenario;
    char *client; /* "curl retry" */
    struct graded *graded;
    const char *const *known; /* checks that the baseline knew to fail; NULL: there was none */
    struct arena *arena;
};

/* The folder of one case. NULL after a message. */
struct evidence *evidence_read(const char *folder);
void evidence_free(struct evidence *); /* NULL is fine */

#endif
