/*
 * Pages.
 */
#include "page.h"

#include <string.h>

#include "json.h"
#include "markup.h"

/* ---- text ------------------------------------------------------------------------------------ */

static unsigned decode(const char *s, size_t n)
{
    static const unsigned char first[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    unsigned code = (unsigned char)s[0] & first[n];
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)s[i] & 0x3F);
    return code;
}

/* Controls, what turns the direction of text around, what is no character at all. */
static bool is_unsafe(unsigned c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF ||
           (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

static void put_ascii(FILE *f, char c)
{
    const char *entity = markup_entity(c);
    if (entity)
        fputs(entity, f);
    else
        fputc(c, f);
}

static void put(FILE *f, const char *text, size_t len, bool has_lines)
{
    for (size_t i = 0; i < len;) {
        size_t n = json_utf8(text + i, len - i);
        unsigned code = n ? decode(text + i, n) : (unsigned char)text[i];
        if (has_lines && (text[i] == '\n' || text[i] == '\t'))
            fputc(text[i], f);
        else if (!n || (is_unsafe(code) && code < 0x100))
            fprintf(f, "\\x%02x", code);
        else if (is_unsafe(code))
            fprintf(f, "\\u{%04x}", code);
        else if (n == 1)
            put_ascii(f, text[i]);
        else
            fwrite(text + i, 1, n, f);
        i += n ? n : 1;
    }
}

void page_octets(FILE *f, const char *text, size_t len)
{
    put(f, text, len, false);
}

void page_text(FILE *f, const char *text)
{
    put(f, text ? text : "", text ? strlen(text) : 0, false);
}

static bool begins_line(const char *text, size_t at)
{
    return at == 0 || text[at - 1] == '\n';
}

void page_lines(FILE *f, const char *text, size_t len, size_t most)
{
    size_t head = most / 4 * 3, tail = len - most / 4;
    if (len <= most) {
        put(f, text, len, true);
        return;
    }
    while (head > most / 4 && !begins_line(text, head))
        head--;
    while (tail < len && !begins_line(text, tail))
        tail++;
    put(f, text, head, true);
    fprintf(f, "\n[... %zu octets are left out here ...]\n\n", tail - head);
    put(f, text + tail, len - tail, true);
}

void page_fact(FILE *f, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(f, "<li><small>%s</small> <span>", name);
    page_text(f, text);
    fputs("</span></li>\n", f);
}

void page_name(FILE *f, const char *name)
{
    for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
        bool is_word = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                       (*c >= '0' && *c <= '9') || strchr("-./@", *c);
        if (is_word)
            fputc(*c, f);
        else
            fprintf(f, "_%02x", *c);
    }
}

static bool is_same_name(const struct client_result *a, const struct client_result *b)
{
    return strcmp(a->variant->profile->name, b->variant->profile->name) == 0 &&
           strcmp(a->variant->name, b->variant->name) == 0;
}

void page_client(FILE *f, const struct results *r, size_t client)
{
    const struct client_result *c = &r->clients[client];
    size_t same = 1;
    for (size_t i = 0; i < client; i++)
        same += is_same_name(&r->clients[i], c);
    page_name(f, c->variant->profile->name);
    if (strcmp(c->variant->name, "default") != 0) {
        fputc('@', f);
        page_name(f, c->variant->name);
    }
    if (same > 1)
        fprintf(f, "~%zu", same);
}

/* ---- marks ----------------------------------------------------------------------------------- */

struct mark page_mark(enum rank rank, enum verdict_kind kind)
{
    static const struct mark marks[RANKS] = {
        [RANK_CRITICAL] = { "critical", "\xE2\x9C\x96", "critical" },
        [RANK_MUST] = { "bad", "\xE2\x9C\x95", "fail" },
        [RANK_BROKEN] = { "bad", "!", "error" },
        [RANK_SHOULD] = { "weak", "\xE2\x96\xB3", "weak" },
        [RANK_OPEN] = { "open", "?", "not shown" },
        [RANK_NONE] = { "good", "\xE2\x9C\x93", "pass" },
    };
    struct mark mark = marks[rank];
    if (rank == RANK_NONE && kind == VERDICT_INFO)
        mark = (struct mark){ "info", "\xE2\x97\x8B", "info" };
    else if (rank == RANK_NONE && kind != VERDICT_PASS)
        mark = (struct mark){ "none", "\xE2\x80\x93",
                              kind == VERDICT_NOT_APPLICABLE ? "n/a" : verdict_kind_name(kind) };
    else if (kind == VERDICT_CRASH || kind == VERDICT_HANG || rank == RANK_OPEN)
        mark.word = verdict_kind_name(kind);
    return mark;
}

/* Of several that make its rank, the one that stands for it. */
struct mark page_mark_of_case(const struct case_result *c)
{
    enum rank rank = case_rank(c);
    enum verdict_kind kind = VERDICT_NOT_APPLICABLE;
    if (!c->is_final)
        return (struct mark){ "none", "\xC2\xB7", "not run" };
    for (size_t i = 0; i < c->graded->count; i++) {
        const struct verdict *v = &c->graded->verdicts[i];
        if (verdict_rank(v) == rank && (!v->house || rank != RANK_NONE) &&
            verdict_is_worse(v->kind, kind))
            kind = v->kind;
    }
    return page_mark(rank, kind);
}

void page_chip(FILE *f, const struct mark *mark, const char *word)
{
    fprintf(f, "<span class=\"chip %s\"><i aria-hidden=\"true\">%s</i> <span>", mark->tone,
            mark->sign);
    page_text(f, word ? word : mark->word);
    fputs("</span></span>", f);
}

void page_sign(FILE *f, const struct mark *mark)
{
    fprintf(f, "<i aria-hidden=\"true\">%s</i><span class=\"hidden\">%s</span>", mark->sign,
            mark->word);
}

/* Two lines, so that variants of one client, whose versions are long, can be told apart. */
void page_upright(FILE *f, const struct client_result *c)
{
    struct buf title = { 0 }, name = { 0 };
    client_title(&title, c);
    client_name(&name, c);
    fputs("\" title=\"", f);
    page_text(f, title.at);
    fputs("\"><b>", f);
    page_text(f, name.at);
    fputs("</b> <small>", f);
    page_text(f, c->version);
    fputs("</small></a>", f);
    buf_free(&title);
    buf_free(&name);
}

/* ---- frame ----------------------------------------------------------------------------------- */

void page_begin(FILE *f, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" "
          "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
          f);
    page_text(f, title);
    fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", page_css);
}

void page_end(FILE *f)
{
    fputs("</body>\n</html>\n", f);
}
