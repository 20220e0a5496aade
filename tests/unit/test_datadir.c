/* datadir: which folder is found from where a program lies. */
#include "cmocka_main.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datadir.h"

struct tree {
    char root[PATH_MAX];
};

/* Makes a folder of the tree and those above it. */
static void make(const struct tree *tree, const char *folder)
{
    char path[PATH_MAX + 64];
    int n = snprintf(path, sizeof(path), "%s/%s", tree->root, folder);
    assert_true(n > 0 && (size_t)n < sizeof(path));
    for (char *p = path + strlen(tree->root) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *p = '/';
    }
    assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
    static struct tree tree;
    char template[] = "/tmp/datadir-XXXXXX";
    assert_non_null(mkdtemp(template));
    assert_non_null(realpath(template, tree.root));
    *state = &tree;
    return 0;
}

static int tear_down(void **state)
{
    const struct tree *tree = *state;
    char command[PATH_MAX + 16];
    snprintf(command, sizeof(command), "rm -rf '%s'", tree->root);
    return system(command);
}

/* Where a program at `program` finds its data: the part of the path below the tree, "" for none. */
static const char *found_from(const struct tree *tree, const char *program)
{
    static char below[PATH_MAX];
    char path[PATH_MAX + 64];
    snprintf(path, sizeof(path), "%s/%s", tree->root, program);
    char *found = datadir_of(path);
    size_t root = strlen(tree->root);
    bool ours = found && strncmp(found, tree->root, root) == 0;
    snprintf(below, sizeof(below), "%s", ours ? found + root + (found[root] == '/') : "");
    free(found);
    return below;
}

static void test_installed_under_any_prefix(void **state)
{
    const struct tree *tree = *state;
    make(tree, "opt/x/share/fakeproxy/scenarios");
    make(tree, "opt/x/bin");
    assert_string_equal(found_from(tree, "opt/x/bin/fakeproxy"), "opt/x/share/fakeproxy");
}

static void test_in_its_build_tree(void **state)
{
    const struct tree *tree = *state;
    make(tree, "src/scenarios");
    make(tree, "src/build/release/CMakeFiles");
    assert_string_equal(found_from(tree, "src/build/release/fakeproxy"), "src");
}

static void test_no_scenarios_two_levels_up_of_an_installed_program(void **state)
{
    const struct tree *tree = *state;
    make(tree, "scenarios");
    make(tree, "usr/bin");
    assert_string_equal(found_from(tree, "usr/bin/fakeproxy"), "");
}

static void test_a_folder_without_scenarios_is_not_it(void **state)
{
    const struct tree *tree = *state;
    make(tree, "opt/x/share/fakeproxy");
    make(tree, "opt/x/bin");
    assert_string_equal(found_from(tree, "opt/x/bin/fakeproxy"), "");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(test_installed_under_any_prefix, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_in_its_build_tree, set_up, tear_down),
    cmocka_unit_test_setup_teardown(test_no_scenarios_two_levels_up_of_an_installed_program, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(test_a_folder_without_scenarios_is_not_it, set_up, tear_down),
};

TEST_MAIN(tests)
