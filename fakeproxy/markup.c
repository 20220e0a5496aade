/*
 * XML 1.0, 2.4; HTML has the same four.
 */
#include "markup.h"

#include <stddef.h>

const char *markup_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}
