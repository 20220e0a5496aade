/*
 * `fakeproxy new`: the skeleton has a rule that fails, a client's step, and checks of all kinds an
 * author begins with. Strict JSON has no comments, so the texts themselves say what they are for.
 * What is written has passed the loader: an id that it refuses is refused here.
 */
#include "skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complaints.h"
#include "options.h"
#include "scenario.h"

static const char before_id[] = "{\n"
                                "  \"fakeproxy\": 1,\n"
                                "  \"id\": ";

static const char after_id[] =
    ",\n"
    "  \"title\": \"One line: what goes wrong, and when\",\n"
    "  \"layer\": \"gateway\",\n"
    "  \"about\": \"What happens on the wire and who meets it. This example answers the first "
    "request with 503 and a second to wait.\",\n"
    "  \"cause\": \"What is behind it, in the words of a report\",\n"
    "  \"fix\": \"What the client should do about it\",\n"
    "  \"sources\": [\"RFC 9110 section 10.2.3\"],\n"
    "  \"proxy\": {\n"
    "    \"rules\": [\n"
    "      { \"name\": \"busy\", \"on\": \"request\", \"when\": { \"path\": \"/*\" }, \"times\": "
    "1, "
    "\"fault\": true,\n"
    "        \"do\": [ { \"wait\": \"50ms\" },\n"
    "                { \"respond\": { \"status\": 503, \"retry_after\": 1,\n"
    "                               \"headers\": [[\"Content-Type\", \"text/plain\"]], \"body\": "
    "\"try again\\n\" } } ] }\n"
    "    ]\n"
    "  },\n"
    "  \"client\": {\n"
    "    \"retry\": { \"attempts\": 3, \"base\": \"100ms\" },\n"
    "    \"steps\": [ { \"url\": \"http://{origin}/1\" } ]\n"
    "  },\n"
    "  \"expect\": {\n"
    "    \"waits\": { \"level\": \"must*\", \"says\": \"does not come back before the second is "
    "over\",\n"
    "      \"gap\": { \"from\": { \"event\": \"response\", \"rule\": \"busy\" }, \"to\": { "
    "\"event\": \"request\" } }, \"min\": \"promise\" },\n"
    "    \"recovers\": { \"level\": \"should\", \"says\": \"ends with the origin's answer\",\n"
    "      \"outcome\": { \"step\": 1, \"status\": 200, \"body\": \"whole\" } }\n"
    "  }\n"
    "}\n";

void skeleton_write(struct buf *b, const char *id)
{
    buf_string(b, before_id);
    buf_json(b, id, strlen(id));
    buf_string(b, after_id);
}

/* The id is the only thing in it that can be wrong. */
static bool is_accepted(const struct buf *text, const char *id)
{
    struct scenario_set set;
    struct complaints *complaints = complaints_new();
    bool accepted = scenario_load_text(text->at, text->len, id, &set, complaints) == 0;
    if (accepted)
        scenario_set_free(&set);
    else
        fprintf(stderr,
                "fakeproxy: new %s: expected TOPIC/NAME of a-z, 0-9 and \"-\", such as my/first\n",
                id);
    complaints_free(complaints);
    return accepted;
}

/* The folder in front of the file's name, if it is not there yet. */
static int make_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path)) : NULL;
    int result = folder && mkdir(folder, 0777) < 0 && errno != EEXIST ? -1 : 0;
    free(folder);
    return result;
}

static int write_new(const char *path, const struct buf *text)
{
    int fd = make_folder(path) < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        fprintf(stderr, "fakeproxy: %s cannot be written: %s\n", path,
                errno == EEXIST ? "there is one already; choose another name" : strerror(errno));
        return EXIT_USAGE;
    }
    ssize_t n = write(fd, text->at, text->len);
    if (close(fd) < 0 || n != (ssize_t)text->len) {
        fprintf(stderr, "fakeproxy: %s cannot be written: %s\n", path, strerror(errno));
        unlink(path);
        return EXIT_HARNESS;
    }
    return EXIT_OK;
}

static void say_next(const char *path)
{
    printf("%s is written. It plays as it is: the first request gets a 503.\n"
           "Replace its texts, rules and checks (docs/scenario.md, fakeproxy-scenario(5)), then\n"
           "  fakeproxy check %s\n"
           "  fakeproxy --scenario %s\n",
           path, path, path);
}

int skeleton_new(const char *id)
{
    struct buf text = { 0 };
    char *path;
    if (asprintf(&path, "%s.json", id) < 0)
        abort();
    skeleton_write(&text, id);
    int code = is_accepted(&text, id) ? write_new(path, &text) : EXIT_USAGE;
    if (code == EXIT_OK)
        say_next(path);
    buf_free(&text);
    free(path);
    return code;
}
