/*
 * The CA's certificate in a file.
 */
#include "play_ca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *open_temporary(struct play_ca *ca)
{
    const char *tmp = getenv("TMPDIR");
    if (asprintf(&ca->path, "%s/fakeproxy-ca-XXXXXX.pem", tmp && *tmp ? tmp : "/tmp") < 0)
        abort();
    int fd = mkostemps(ca->path, (int)strlen(".pem"), O_CLOEXEC);
    if (fd < 0)
        return NULL;
    ca->is_temporary = true;
    fchmod(fd, 0644); /* it is no secret, and whoever reads it may be somebody else */
    return fdopen(fd, "w");
}

static FILE *open_wanted(struct play_ca *ca, const char *wanted, bool absolute)
{
    FILE *f = fopen(wanted, "we");
    ca->path = f && absolute ? realpath(wanted, NULL) : strdup(wanted);
    return f;
}

int play_ca_write(struct play_ca *ca, struct certs *certs, const char *wanted, bool absolute)
{
    FILE *f = wanted ? open_wanted(ca, wanted, absolute) : open_temporary(ca);
    int result = f ? certs_write_ca(certs, f) : -1;
    if (f && fclose(f) != 0)
        result = -1;
    if (result < 0)
        fprintf(stderr, "fakeproxy: %s%s cannot be written: %s\n", wanted ? "--ca-file " : "",
                wanted ? wanted : ca->path, strerror(errno));
    return result;
}

void play_ca_free(struct play_ca *ca)
{
    if (ca->is_temporary)
        unlink(ca->path);
    free(ca->path);
    *ca = (struct play_ca){ 0 };
}
