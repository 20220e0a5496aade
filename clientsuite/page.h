/*
 * Pages: what every HTML file that we write has in common. One file that holds all it needs, no
 * script, nothing from elsewhere; light and dark, narrow and wide, paper.
 *
 * Every text is somebody else's: page_text() is the only way to the page. It escapes markup, shows
 * controls as \xHH and characters that reorder text as \u{HHHH}, in elements and in attributes with
 * double quotes alike.
 */
#ifndef CS_PAGE_H
#define CS_PAGE_H

#include <stdio.h>

#include "findings.h"

void page_begin(FILE *, const char *title);
void page_end(FILE *);

void page_text(FILE *, const char *text); /* NULL is "" */
void page_octets(FILE *, const char *text, size_t len);
/* Several lines: line ends stay. What is longer than `most` octets loses its middle. */
void page_lines(FILE *, const char *text, size_t len, size_t most);

/* An item of a list of facts; none where the text is NULL or "". */
void page_fact(FILE *, const char *name, const char *text);

/* A name as (part of) an id or a fragment: one text for each name, no spaces. */
void page_name(FILE *, const char *name);

/* The client's name in ids: "curl@retry", "curl~2" for the second one of that name. */
void page_client(FILE *, const struct results *, size_t client);

/* How a verdict looks: never by colour alone. */
struct mark {
    const char *tone; /* class */
    const char *sign;
    const char *word;
};
struct mark page_mark(enum rank, enum verdict_kind);
struct mark page_mark_of_case(const struct case_result *);
void page_chip(FILE *, const struct mark *, const char *word);
void page_sign(FILE *, const struct mark *); /* the sign alone, the word for who cannot see it */

/* The rest of a link whose address was just written, with the client's name and below it its
 * version: to stand upright above a narrow column. */
void page_upright(FILE *, const struct client_result *);

extern const char page_css[]; /* page.css */

#endif
