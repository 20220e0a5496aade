/*
 * A ladder in a terminal: a lifeline for each actor, an arrow for each message, text to the right.
 *
 *      time   client       proxy        origin
 *     0.000      │──connect──▶│            │     #1 accepts a connection
 *     0.000      │────GET────▶│            │     #1.1 GET http://shop.example/1
 *
 * The text is wrapped, never cut. Pure drawing: it knows nothing of events.
 */
#ifndef FP_LADDER_H
#define FP_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "say.h"

struct ladder_style {
    int width; /* columns of the terminal */
    bool colour;
    bool ascii; /* no characters beyond ASCII */
};

struct ladder;

/* names: of the actors, from left to right; they outlive the ladder. */
struct ladder *ladder_new(FILE *out, const struct ladder_style *, const char *const *names,
                          size_t count);
void ladder_free(struct ladder *);

/* The line of names. */
void ladder_head(struct ladder *);

enum { LADDER_TAG = 16 };

struct ladder_row {
    double time;          /* s */
    int from, to;         /* lifelines; equal: a mark on that one */
    char tag[LADDER_TAG]; /* short, in the arrow; left out where it does not fit */
    bool is_fault;        /* drawn so that it stands out without colour, too */
    enum tone tone;
    const char *text; /* UTF-8 */
    size_t len;
};
void ladder_row(struct ladder *, const struct ladder_row *);

/* A row that says that for so many seconds nothing happened. */
void ladder_pause(struct ladder *, double seconds);

#endif
