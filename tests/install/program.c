/* A user's program: it finds a shipped scenario by its id, plays it, and says which version it is.
 */
#include <fakeproxy/fakeproxy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    char *error = NULL;
    struct fakeproxy *fp = fakeproxy_new(FAKEPROXY_THREAD, &error);
    struct fakeproxy_instance *in = fp ? fakeproxy_start(fp, argv[argc - 1], &error) : NULL;
    int failed = !in || strncmp(fakeproxy_url(in, "proxy"), "http://127.0.0.1:", 17) != 0 ||
                 strcmp(fakeproxy_version(), FAKEPROXY_VERSION) != 0;
    if (error)
        fputs(error, stderr);
    free(error);
    fakeproxy_free(fp);
    puts(FAKEPROXY_VERSION);
    return failed;
}
