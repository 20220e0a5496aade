/*
 * The tables as mdoc, for fakeproxy-scenario(5).
 */
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "gendoc.h"
#include "json.h"

/* A character beyond ASCII by its number: not every troff reads UTF-8. Octets of it. */
static size_t add_wide(struct buf *out, const char *z)
{
    size_t len = json_utf8(z, strlen(z));
    unsigned code = (unsigned char)z[0] & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)z[i] & 0x3FU);
    buf_printf(out, "\\[u%04X]", code);
    return len;
}

/* Text of a table: `word` becomes a literal, a new sentence a new line, and nothing may begin a
 * line like a request. */
static void add_text(struct buf *out, const char *z)
{
    bool is_code = false;
    for (; *z; z++) {
        if (*z == '`') {
            buf_string(out, is_code ? "\\fR" : "\\fB");
            is_code = !is_code;
        } else if (*z == '\\') {
            buf_string(out, "\\e");
        } else if (*z == '-') {
            buf_string(out, "\\-");
        } else if (z[0] == '.' && z[1] == ' ') {
            buf_string(out, ".\n\\&");
            z++;
        } else if ((unsigned char)*z >= 0x80) {
            z += add_wide(out, z) - 1;
        } else {
            buf_char(out, *z);
        }
    }
}

static void add_key(struct buf *out, const struct key *k)
{
    buf_printf(out, ".It Cm %s", k->name);
    buf_string(out, "\n\\&");
    add_text(out, k->doc);
    buf_string(out, ".\n");
    if (k->required)
        buf_string(out, "Required.\n");
    else if (k->otherwise || k->says) {
        buf_string(out, "Default: ");
        if (k->otherwise)
            buf_printf(out, "\\fB%s\\fR", k->otherwise);
        else
            add_text(out, k->says);
        buf_string(out, ".\n");
    }
}

static void add_section(struct buf *out, const struct shape *s)
{
    buf_printf(out, ".Ss %s\n", s->name);
    if (s->doc) {
        buf_string(out, "\\&");
        add_text(out, s->doc);
        buf_char(out, '\n');
    }
    buf_string(out, ".Bl -tag -width \"after_body_bytes\" -compact\n");
    for (const struct key *k = s->keys; k->name; k++)
        if (!is_field_key(s, k))
            add_key(out, k);
    buf_string(out, ".El\n");
}

void manual_keys(struct buf *out)
{
    const struct shape **named = named_shapes();
    for (size_t i = 0; named[i]; i++)
        if (named[i]->keys)
            add_section(out, named[i]);
    free(named);
}

void manual_events(struct buf *out)
{
    buf_string(out, ".Bl -tag -width \"tunnel_end\" -compact\n");
    for (int e = 0; e < EVENT_KINDS; e++) {
        buf_printf(out, ".It Cm %s\n\\&", event_name((enum event_kind)e));
        add_text(out, event_doc((enum event_kind)e));
        buf_string(out, ".\n");
    }
    buf_string(out, ".El\n.Pp\nFields:\n.Bl -tag -width \"client_certificate\" -compact\n");
    for (int f = 0; f < FIELDS; f++) {
        buf_printf(out, ".It Cm %s\n\\&", field_name((enum field_id)f));
        add_text(out, field_doc((enum field_id)f));
        buf_string(out, ".\n");
    }
    buf_string(out, ".El\n");
}
