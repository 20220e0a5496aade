/*
 * Values that are written as text: a decimal number and a unit.
 */
#include "language.h"

#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const int64_t second = 1000000000;

/* Digits, then up to nine digits behind a point, as `whole` and 10^-9 parts. */
static bool split(const char *s, size_t len, uint64_t *whole, uint64_t *nano, const char **rest)
{
    size_t i = 0, start;
    *whole = *nano = 0;
    for (; i < len && s[i] >= '0' && s[i] <= '9'; i++) {
        if (*whole > 1000000000000000U)
            return false;
        *whole = *whole * 10 + (uint64_t)(s[i] - '0');
    }
    if (i == 0)
        return false;
    if (i < len && s[i] == '.') {
        uint64_t scale = 100000000;
        for (start = ++i; i < len && s[i] >= '0' && s[i] <= '9'; i++, scale /= 10) {
            if (i - start == 9)
                return false;
            *nano += scale * (uint64_t)(s[i] - '0');
        }
        if (i == start)
            return false;
    }
    *rest = s + i;
    return true;
}

static bool scale(const char *s, size_t len, const struct unit *units, int64_t *value)
{
    uint64_t whole, nano;
    const char *rest;
    if (!split(s, len, &whole, &nano, &rest))
        return false;
    size_t left = len - (size_t)(rest - s);
    for (; units->name; units++) {
        if (strlen(units->name) != left || memcmp(units->name, rest, left) != 0)
            continue;
        int64_t factor = units->factor;
        if (whole > (uint64_t)(INT64_MAX / 4 / factor))
            return false;
        int64_t parts = (int64_t)nano; /* 10^-9 of the unit, which is below a second or seconds */
        parts = factor < second ? parts * factor / second : parts * (factor / second);
        *value = (int64_t)whole * factor + parts;
        return true;
    }
    return false;
}

bool language_duration(const char *text, size_t len, int64_t *ns)
{
    static const struct unit units[] = { { "us", 1000 },         { "ms", 1000000 },
                                         { "s", 1000000000 },    { "m", 60000000000 },
                                         { "h", 3600000000000 }, { NULL, 0 } };
    return scale(text, len, units, ns);
}

bool language_offset(const char *text, size_t len, int64_t *ns)
{
    static const struct unit units[] = { { "us", 1000 },
                                         { "ms", 1000000 },
                                         { "s", 1000000000 },
                                         { "m", 60000000000 },
                                         { "h", 3600000000000 },
                                         { "d", 86400000000000 },
                                         { "y", 31536000000000000 },
                                         { NULL, 0 } };
    if (len < 2 || (text[0] != '+' && text[0] != '-') || !scale(text + 1, len - 1, units, ns))
        return false;
    if (text[0] == '-')
        *ns = -*ns;
    return true;
}

bool language_size(const char *text, size_t len, uint64_t *octets)
{
    static const struct unit units[] = {
        { "", 1 }, { "KiB", 1024 }, { "MiB", 1048576 }, { "GiB", 1073741824 }, { NULL, 0 }
    };
    int64_t value;
    if (memchr(text, '.', len) || !scale(text, len, units, &value))
        return false;
    *octets = (uint64_t)value;
    return true;
}

bool language_is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return len > 0;
}

bool language_is_base64(const char *text, size_t len)
{
    size_t padding = 0;
    while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < len - padding; i++) {
        char c = text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '+' && c != '/')
            return false;
    }
    return len % 4 == 0;
}

/* Relative, and never up: a scenario reads only what lies in its own folder or below. */
bool language_is_path(const char *text, size_t len)
{
    if (len == 0 || text[0] == '/' || memchr(text, '\0', len))
        return false;
    for (size_t i = 0; i < len;) {
        const char *slash = memchr(text + i, '/', len - i);
        size_t end = slash ? (size_t)(slash - text) : len;
        if (end - i == 2 && memcmp(text + i, "..", 2) == 0)
            return false;
        i = end + 1;
    }
    return true;
}
