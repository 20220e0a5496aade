/*
 * Whole files into memory: piece by piece, because not every file has a length that can be asked.
 */
#include "slurp.h"

#include <errno.h>

enum { PIECE = 65536 };

int slurp_stream(FILE *f, size_t most, struct buf *out)
{
    size_t start = out->len, got;
    do {
        char *at = buf_extend(out, PIECE);
        got = fread(at, 1, PIECE, f);
        out->len -= PIECE - got;
    } while (got > 0 && out->len - start <= most);
    if (ferror(f)) /* errno is read()'s: what comes behind it sets none */
        return -1;
    if (out->len - start <= most)
        return 0;
    errno = EFBIG;
    return -1;
}

int slurp(const char *path, size_t most, struct buf *out)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return -1;
    int result = slurp_stream(f, most, out);
    int error = errno;
    fclose(f);
    errno = error;
    return result;
}
