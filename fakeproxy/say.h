/*
 * Events as sentences for people: the live log and `fakeproxy show` say the same thing in the same
 * words. Pure: events in, text out. Nothing in it can be taken for a command by a terminal.
 */
#ifndef FP_SAY_H
#define FP_SAY_H

#include <stdbool.h>
#include <stdio.h>

#include "buf.h"
#include "event.h"

/* How loud a line is: what a scenario makes fail is BAD, what a client is told to mind WARN. */
enum tone { TONE_PLAIN, TONE_QUIET, TONE_GOOD, TONE_WARN, TONE_BAD, TONES };

/* The terminal's escape that begins a tone ("" for PLAIN), and the one that ends it. */
extern const char *const say_colours[TONES];
extern const char say_colour_end[];

/* Appends what happened. False: this event is not for people, and nothing was appended. */
bool say_event(struct buf *, const struct fp_event *, enum tone *);

/* Appends the connection and the exchange as "#1" or "#1.2"; nothing where there is none. */
void say_number(struct buf *, const struct fp_event *);

/* Appends a text with what is no printable character as \xHH. */
void say_text(struct buf *, const char *octets, size_t len);
void say_print(FILE *, const char *text); /* the same, written */

/* The number, or 0 where the event does not have the field. */
int64_t say_field(const struct fp_event *, enum field_id);
/* Does the field say just that? */
bool say_is(const struct fp_event *, enum field_id, const char *text);

/* Ended, cut or held up because the scenario said so, or else not as it should have been. */
bool say_is_fault(const struct fp_event *);

/* Is this the `rule` event of a list that was left at an action which had more to do? A `tunnel` or
 * a `stall` lasts until somebody leaves. */
bool say_is_untimely(const struct fp_event *);

#endif
