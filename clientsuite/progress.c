/*
 * Progress. On a terminal one line is written over and over; cases that failed stay above it.
 * Elsewhere a line a case.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "outputs.h"
#include "schedule.h"

struct progress {
    FILE *f;
    const struct results *results;
    bool is_terminal, is_quiet, has_line;
    size_t failed;
};

struct progress *progress_new(FILE *f, const struct results *r, bool quiet)
{
    struct progress *p = calloc(1, sizeof(*p));
    const char *term = getenv("TERM");
    if (!p)
        abort();
    p->f = f;
    p->results = r;
    p->is_quiet = quiet;
    p->is_terminal = isatty(fileno(f)) && term && strcmp(term, "dumb") != 0;
    return p;
}

static void clear(struct progress *p)
{
    if (p->has_line)
        fputs("\r\033[K", p->f);
    p->has_line = false;
}

void progress_case(struct progress *p, const struct case_result *c)
{
    char name[128];
    bool has_failed = case_has_failed(c);
    p->failed += has_failed;
    if (p->is_quiet || (p->is_terminal && !has_failed))
        return;
    clear(p);
    fprintf(p->f, "%-14s %s  %s\n", verdict_kind_name(case_verdict(c)),
            results_client_name(&p->results->clients[c->client], name), c->of->name);
    fflush(p->f);
}

void progress_client(struct progress *p, const struct client_result *c)
{
    char name[128];
    if (!c->contract)
        return;
    clear(p);
    fprintf(p->f, "%s does not keep the driver contract, so none of its cases is played:\n  %s\n",
            results_client_name(c, name), c->contract);
    fflush(p->f);
}

void progress_look(struct progress *p, const struct schedule *s)
{
    if (!p->is_terminal || p->is_quiet)
        return;
    struct schedule_state look = schedule_look(s);
    clear(p);
    fprintf(p->f, "%zu of %zu cases done, %zu running, %zu waiting, %zu failed; about %lld s left",
            look.done, look.total, look.running, look.waiting, p->failed,
            (long long)((look.left + CLOCK_S - 1) / CLOCK_S));
    p->has_line = true;
    fflush(p->f);
}

void progress_free(struct progress *p)
{
    if (p)
        clear(p);
    free(p);
}
