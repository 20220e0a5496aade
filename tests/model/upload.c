/*
 * Request contents.
 */
#include "upload.h"

#include <string.h>

#include "mutants.h"

size_t upload_read(struct upload *u, uint64_t at, char *out, size_t room)
{
    uint64_t left = u->size - at;
    size_t n = left < room ? (size_t)left : room;
    if (u->was_read && at == 0 && mutant(MUTANT_EMPTIES_REPEATED_BODY))
        u->size = n = 0;
    if (u->was_read && at == 0 && u->is_one_shot && mutant(MUTANT_EMPTIES_STREAM))
        return 0;
    u->was_read = true;
    if (u->octets)
        memcpy(out, u->octets + at, n);
    for (size_t i = 0; !u->octets && i < n; i++)
        out[i] = (char)((at + i) % 251);
    return n;
}

bool upload_is_chunked(const struct upload *u)
{
    return u->is_there && u->is_one_shot;
}

bool upload_can_start(const struct upload *u)
{
    return !u->is_there || !u->is_one_shot || !u->was_read || mutant(MUTANT_EMPTIES_ONE_SHOT) ||
           mutant(MUTANT_EMPTIES_STREAM);
}
