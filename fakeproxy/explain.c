/*
 * `fakeproxy explain`. In order: a name of the table (explain_texts.c), a finding's code
 * (diagnosis.def), a scenario, and at last the words that tools print, among which a status is
 * looked for. A port is no status.
 */
#include "explain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "catalogue.h"
#include "diagnosis.h"
#include "explain_scenario.h"
#include "explain_texts.h"
#include "http_chars.h"
#include "match.h"
#include "nearest.h"
#include "options.h"
#include "say.h"
#include "wrap.h"

enum { SCENARIOS_SHOWN = 8 };

/* ---- words of a list ------------------------------------------------------------------------- */

/* The next item of a list whose items are apart by c. False: there is none. */
static bool next_item(const char **at, char c, const char **item, size_t *len)
{
    while (**at == c)
        ++*at;
    *item = *at;
    while (**at && **at != c)
        ++*at;
    *len = (size_t)(*at - *item);
    return *len > 0;
}

static bool has_name(const struct explained *x, const char *name, size_t len)
{
    const char *at = x->names, *item;
    for (size_t n; next_item(&at, ' ', &item, &n);)
        if (n == len && strncasecmp(item, name, len) == 0)
            return true;
    return false;
}

static const struct explained *by_name(const char *name, size_t len)
{
    for (unsigned i = 0; i < explain_text_count; i++)
        if (has_name(&explain_texts[i], name, len))
            return &explain_texts[i];
    return NULL;
}

/* ---- statuses -------------------------------------------------------------------------------- */

/* 4xx for 418. */
static const struct explained *by_status(const char *digits)
{
    char class[] = { digits[0], 'x', 'x', '\0' };
    const struct explained *x = by_name(digits, 3);
    return x ? x : by_name(class, 3);
}

static bool is_word(char c)
{
    return http_is_digit(c) || http_is_alpha(c) || c == '_';
}

/* "500 bytes read", "500 milliseconds" */
static bool is_amount(const char *behind, size_t len)
{
    static const char *const units[] = { " byte", " octet", " milli", " ms", " more", " out of" };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (len >= strlen(units[i]) && strncasecmp(behind, units[i], strlen(units[i])) == 0)
            return true;
    return false;
}

/* Three digits of their own that are no port (":443", "port 443"). */
static bool is_status(const char *text, size_t at, size_t len)
{
    static const char port[] = "port ";
    bool is_alone = len - at >= 3 && (at == 0 || !is_word(text[at - 1])) &&
                    (len - at == 3 || !is_word(text[at + 3]));
    bool is_number = is_alone && text[at] >= '3' && text[at] <= '5' &&
                     http_is_digit(text[at + 1]) && http_is_digit(text[at + 2]);
    bool is_port = at > 0 && text[at - 1] == ':' && at > 1 && text[at - 2] != ' ' &&
                   (is_word(text[at - 2]) || text[at - 2] == ']');
    bool is_named = at >= strlen(port) && memcmp(text + at - strlen(port), port, strlen(port)) == 0;
    return is_number && !is_amount(text + at + 3, len - at - 3) && !is_named &&
           !(is_port && strncmp(text + at, "443", 3) == 0);
}

static const struct explained *status_in(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (is_status(text, i, len))
            return by_status(text + i);
    return NULL;
}

/* ---- messages -------------------------------------------------------------------------------- */

/* How telling is it? The length of the longest phrase that stands in the message; 0: none does. */
static size_t fits(const struct explained *x, const char *text, size_t len)
{
    const char *at = x->phrases, *item;
    size_t best = 0;
    for (size_t n; next_item(&at, '|', &item, &n);) {
        struct buf pattern = { 0 };
        buf_char(&pattern, '*');
        buf_add(&pattern, item, n);
        buf_char(&pattern, '*');
        if (n > best && match_glob(pattern.at, pattern.len, text, len))
            best = n;
        buf_free(&pattern);
    }
    return best;
}

static const struct explained *best_of(const char *text, size_t len)
{
    const struct explained *best = NULL;
    size_t most = 0;
    for (unsigned i = 0; i < explain_text_count; i++) {
        size_t n = fits(&explain_texts[i], text, len);
        if (n > most) {
            best = &explain_texts[i];
            most = n;
        }
    }
    return best;
}

/* What the words say, but a tunnel that failed before all: whatever else stands there is why. Then
 * the status, which decides what is to be done. */
unsigned explain_find(const char *message, const struct explained **list)
{
    static const char tunnel[] = "tunnel";
    size_t len = strlen(message);
    unsigned count = 0;
    const struct explained *x = by_name(message, len), *t = by_name(tunnel, strlen(tunnel));
    if (x) {
        list[0] = x;
        return 1;
    }
    struct buf text = { 0 };
    buf_string(&text, " ");
    for (size_t i = 0; i < len; i++)
        buf_char(&text, http_lower(message[i]));
    x = fits(t, text.at, text.len) ? t : best_of(text.at, text.len);
    buf_free(&text);
    if (x)
        list[count++] = x;
    x = status_in(message, len);
    if (x && (count == 0 || list[0] != x))
        list[count++] = x;
    return count;
}

/* ---- one entry ------------------------------------------------------------------------------- */

static bool is_earlier(const struct explained *x, const char *until, const char *id)
{
    const char *at = x->scenarios, *item;
    for (size_t n; next_item(&at, ' ', &item, &n) && item < until;)
        if (match_glob(item, n, id, strlen(id)))
            return true;
    return false;
}

static void show_scenario(FILE *f, const struct catalogue_entry *e, unsigned nth)
{
    struct buf title = { 0 };
    say_text(&title, e->title ? e->title : "", e->title ? strlen(e->title) : 0);
    fprintf(f, "  %-10s%-36s %.*s\n", nth == 0 ? "shown by" : "", e->id, (int)title.len,
            title.at ? title.at : "");
    buf_free(&title);
}

static unsigned show_scenarios(FILE *f, const struct explained *x, const struct catalogue *c)
{
    const char *at = x->scenarios, *item;
    unsigned found = 0;
    for (size_t n; next_item(&at, ' ', &item, &n);)
        for (size_t i = 0; i < c->count; i++) {
            const char *id = c->entries[i].id;
            if (!match_glob(item, n, id, strlen(id)) || is_earlier(x, item, id))
                continue;
            if (found < SCENARIOS_SHOWN)
                show_scenario(f, &c->entries[i], found);
            found++;
        }
    if (found > SCENARIOS_SHOWN)
        fprintf(f, "%12sand %u more: fakeproxy list shows all\n", "", found - SCENARIOS_SHOWN);
    if (found > 0)
        fprintf(f, "%12splay one: fakeproxy --scenario ID\n", "");
    return found;
}

unsigned explain_entry(FILE *f, const struct explained *x, const struct catalogue *c)
{
    fprintf(f, "%s\n", x->title);
    wrap_print(f, "layer", x->layer);
    wrap_print(f, "means", x->means);
    wrap_print(f, "do", x->to_do);
    wrap_print(f, "do not", x->not_to_do);
    unsigned found = show_scenarios(f, x, c);
    if (x->see[0])
        fprintf(f, "  %-10s%s\n", "see also", x->see);
    return found;
}

/* ---- findings -------------------------------------------------------------------------------- */

static bool explain_code(FILE *f, const char *code)
{
    struct diagnosed found;
    if (!diagnosis_of_code(code, &found))
        return false;
    fprintf(f, "%s: %s\n", found.code,
            found.note ? "a note of fakeproxy's diagnosis" : "a finding of fakeproxy's diagnosis");
    wrap_print(f, "layer", found.layer);
    wrap_print(f, "cause", found.cause);
    wrap_print(f, "fix", found.fix);
    return true;
}

/* ---- nothing fits ---------------------------------------------------------------------------- */

static int refuse(const char *message, const struct catalogue *c)
{
    struct nearest nearest;
    struct diagnosed found;
    char names[4096];
    nearest_begin(&nearest, message, strlen(message));
    size_t used = 0;
    for (unsigned i = 0; i < explain_text_count; i++) {
        const char *at = explain_texts[i].names, *item;
        for (size_t n; next_item(&at, ' ', &item, &n) && used + n < sizeof(names);) {
            memcpy(names + used, item, n);
            names[used + n] = '\0';
            nearest_try(&nearest, names + used);
            used += n + 1;
        }
    }
    for (size_t i = 0; diagnosis_nth_code(i, &found); i++)
        nearest_try(&nearest, found.code);
    for (size_t i = 0; i < c->count; i++) {
        const char *slash = strrchr(c->entries[i].id, '/');
        nearest_try(&nearest, c->entries[i].id);
        nearest_try(&nearest, slash ? slash + 1 : c->entries[i].id);
    }
    struct buf said = { 0 };
    say_text(&said, message, strlen(message));
    fprintf(stderr, "fakeproxy: nothing is known of '%.*s'", (int)said.len, said.at ? said.at : "");
    if (nearest.best)
        fprintf(stderr, "; did you mean %s?\n", nearest.best);
    else
        fputs(": expected a status (407, 4xx), an error as a tool prints it (ECONNRESET, \"tunnel "
              "connection failed\"), or a scenario of `fakeproxy list`\n",
              stderr);
    buf_free(&said);
    return EXIT_USAGE;
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool explain_message(const char *message, const struct catalogue *c)
{
    const struct explained *list[EXPLAIN_MOST];
    unsigned count = explain_find(message, list);
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            putchar('\n');
        explain_entry(stdout, list[i], c);
    }
    return count > 0;
}

static char *joined(char *const *words, int count)
{
    struct buf text = { 0 };
    for (int i = 0; i < count; i++) {
        if (i > 0)
            buf_char(&text, ' ');
        buf_string(&text, words[i]);
    }
    buf_char(&text, '\0');
    return text.at;
}

int explain(char *const *words, int count)
{
    char *message = joined(words, count);
    struct catalogue *c = catalogue_new(NULL);
    int code = EXIT_OK;
    if (!by_name(message, strlen(message)) && explain_code(stdout, message))
        code = EXIT_OK;
    else if (!by_name(message, strlen(message)) && explain_is_scenario(message, c))
        code = explain_scenario(stdout, message) ? EXIT_OK : EXIT_USAGE;
    else if (!explain_message(message, c))
        code = refuse(message, c);
    catalogue_free(c);
    free(message);
    return code;
}
