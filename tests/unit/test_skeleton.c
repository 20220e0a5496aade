/* `fakeproxy new`: what it writes is valid, and nothing is overwritten. */
#include "cmocka_main.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complaints.h"
#include "options.h"
#include "scenario.h"
#include "skeleton.h"

static int load(const char *path)
{
    struct scenario_set set;
    struct complaints *complaints = complaints_new();
    int result = scenario_load_file(path, &set, complaints);
    complaints_print(complaints, stderr);
    complaints_free(complaints);
    if (result < 0)
        return -1;
    assert_int_equal(set.count, 1);
    assert_true(set.scenarios[0]->check_count > 0);
    assert_true(set.scenarios[0]->actors[SCENARIO_PROXY].rules[0].is_fault);
    scenario_set_free(&set);
    return 0;
}

static char folder[64];

static int enter_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/fakeproxy-new-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int leave_folder(void **state)
{
    (void)state;
    return chdir("/") < 0 ? -1 : nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void writes_a_scenario_that_loads(void **state)
{
    (void)state;
    assert_int_equal(skeleton_new("my/first"), EXIT_OK);
    assert_int_equal(load("my/first.json"), 0);
    assert_int_equal(skeleton_new("my/second-1"), EXIT_OK); /* the folder is there already */
    assert_int_equal(load("my/second-1.json"), 0);
}

static void never_overwrites(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(mkdir("my", 0777), 0);
    FILE *f = fopen("my/own.json", "w");
    assert_non_null(f);
    fputs("mine", f);
    fclose(f);
    assert_int_equal(skeleton_new("my/own"), EXIT_USAGE);
    assert_int_equal(stat("my/own.json", &st), 0);
    assert_int_equal(st.st_size, strlen("mine"));
}

static void refuses_what_is_no_id(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "first", "a/b/c", "My/First", "../x", "a/", "/a", "a/b.json"
    };
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_int_equal(skeleton_new(ids[i]), EXIT_USAGE);
        assert_int_equal(rmdir("a"), -1); /* nothing was made */
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(writes_a_scenario_that_loads, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(never_overwrites, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(refuses_what_is_no_id, enter_folder, leave_folder),
};

TEST_MAIN(tests)
