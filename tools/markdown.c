/*
 * Markdown from the texts of scenarios.
 */
#include "markdown.h"

#include <string.h>

/* ---- text ------------------------------------------------------------------------------------ */

static void add_escaped(struct buf *b, const char *text, size_t len)
{
    bool is_code = false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '`')
            is_code = !is_code;
        if (text[i] == '|' || (!is_code && strchr("*<[", text[i])))
            buf_char(b, '\\');
        buf_char(b, text[i]);
    }
}

void markdown_text(struct buf *b, const char *text)
{
    add_escaped(b, text, strlen(text));
}

void markdown_list(struct buf *b, const struct buf *text, const char *indent)
{
    for (size_t at = 0; at < text->len;) {
        const char *end = memchr(text->at + at, '\n', text->len - at);
        size_t n = end ? (size_t)(end - (text->at + at)) : text->len - at;
        buf_printf(b, "%s- ", indent);
        add_escaped(b, text->at + at, n);
        buf_char(b, '\n');
        at += n + 1;
    }
}

const char *markdown_level(enum level level)
{
    static const char *const names[] = { [LEVEL_MUST] = "MUST",
                                         [LEVEL_MUST_POLICY] = "MUST\\*",
                                         [LEVEL_SHOULD] = "SHOULD",
                                         [LEVEL_MAY] = "MAY",
                                         [LEVEL_INFO] = "INFO" };
    return names[level];
}

void markdown_banner(struct buf *b, const char *from)
{
    buf_printf(b, "<!-- generated from %s by ./dev docs: do not edit -->\n\n", from);
}

void markdown_case(struct buf *b, const char *to, const struct shipped_case *c)
{
    buf_printf(b, "[`%s`](%s%.*s.md#%s)", c->scenario->id, to, (int)shipped_topic_len(c),
               c->scenario->id, shipped_name(c));
}

/* ---- sources --------------------------------------------------------------------------------- */

static size_t digits(const char *z)
{
    return strspn(z, "0123456789");
}

/* "15.5.8"; 0: there is none */
static size_t section(const char *z)
{
    size_t n = digits(z) ? strspn(z, "0123456789.") : 0;
    while (n && z[n - 1] == '.')
        n--;
    return n;
}

/* Links the numbers of "sections 11.7.1, 11.7.2 and 15.5.8"; returns what is left. */
static const char *add_sections(struct buf *b, const char *rfc, const char *at)
{
    for (size_t n; (n = section(at)) > 0;) {
        buf_printf(b, "[%.*s](https://www.rfc-editor.org/rfc/rfc%.*s#section-%.*s)", (int)n, at,
                   (int)digits(rfc), rfc, (int)n, at);
        at += n;
        size_t gap = strncmp(at, " and ", 5) == 0 ? 5 : strncmp(at, ", ", 2) == 0 ? 2 : 0;
        if (!gap || !section(at + gap))
            break;
        buf_add(b, at, gap);
        at += gap;
    }
    return at;
}

/* At "RFC 9110": the link, with the section if there is one behind it. */
static const char *add_rfc(struct buf *b, const char *at)
{
    static const char one[] = " section ", many[] = " sections ";
    const char *rfc = at + strlen("RFC "), *behind = rfc + digits(rfc);
    bool is_one = strncmp(behind, one, strlen(one)) == 0;
    size_t n = is_one ? section(behind + strlen(one)) : 0;
    buf_printf(b, "[RFC %.*s", (int)digits(rfc), rfc);
    if (n)
        buf_printf(b, " section %.*s", (int)n, behind + strlen(one));
    buf_printf(b, "](https://www.rfc-editor.org/rfc/rfc%.*s", (int)digits(rfc), rfc);
    if (n)
        buf_printf(b, "#section-%.*s", (int)n, behind + strlen(one));
    buf_char(b, ')');
    if (n)
        return behind + strlen(one) + n;
    if (strncmp(behind, many, strlen(many)) != 0)
        return behind;
    buf_string(b, many);
    return add_sections(b, rfc, behind + strlen(many));
}

/* "owner/name #7" as a whole: a thread of GitHub's. */
static bool add_thread(struct buf *b, const char *source)
{
    size_t n = strcspn(source, " "), number = strncmp(source + n, " #", 2) == 0 ? n + 2 : 0;
    const char *slash = memchr(source, '/', n);
    if (!number || !slash || !digits(source + number) || source[number + digits(source + number)])
        return false;
    buf_printf(b, "[%s](https://github.com/%.*s/issues/%s)", source, (int)n, source,
               source + number);
    return true;
}

void markdown_source(struct buf *b, const char *source)
{
    static const char rfc[] = "RFC ";
    if (add_thread(b, source))
        return;
    while (*source) {
        const char *next = strstr(source, rfc);
        while (next && !digits(next + strlen(rfc)))
            next = strstr(next + 1, rfc);
        size_t n = next ? (size_t)(next - source) : strlen(source);
        add_escaped(b, source, n);
        source = next ? add_rfc(b, next) : source + n;
    }
}
