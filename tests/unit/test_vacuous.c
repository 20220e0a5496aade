/*
 * Checks that say nothing are found, and those that say something are left alone.
 */
#include "cmocka_main.h"

#include <stdlib.h>

#include "buf.h"
#include "catalogue.h"
#include "complaints.h"
#include "grade.h"

static const struct {
    const char *check; /* ' stands for " */
    bool vacuous;
} checks[] = {
    { "'level':'must','outcome':{}", true },
    { "'level':'must','outcome':{'step':1}", true },
    { "'level':'should','outcome':{'ends':['answer','error']}", true },
    { "'level':'must','outcome':{'any':[{'status':200},{'not':{'status':200}}]}", true },
    { "'level':'should','outcome':{'not':{'status':200,'ends':'error','body':'whole',"
      "'kind':'reset','any':[{'status':404}]}}",
      true },
    { "'level':'must','outcome':{'body':{'not':['whole','part']}}", false },
    { "'level':'may','outcome':{}", false },
    { "'level':'info','outcome':{}", false },
    { "'level':'must','outcome':{'status':200}", false },
    { "'level':'must','outcome':{'not':{'status':408}}", false },
    { "'level':'must','outcome':{'not':{'ends':'answer','body_of':'no'}}", false },
    { "'level':'should','outcome':{'not':{'kind':'config'}}", false },
    { "'level':'must','outcome':{'took':{'max':'1s'}}", false },
    { "'level':'must','outcome':{'header':{'Age':false}}", false },
    { "'level':'must','outcome':{},'count':{'event':'request'},'max':1", false },
    { "'level':'must','count':{'event':'request'},'exactly':0", false },
};

static bool is_vacuous(const char *check)
{
    struct buf text = { 0 };
    struct scenario_set set;
    const char *why;
    struct complaints *complaints = complaints_new();
    buf_printf(&text,
               "{'fakeproxy':1,'id':'t/t','title':'t','layer':'client','proxy':{'rules':[{'name':"
               "'no','on':'request','do':['reset']}]},'client':{'steps':[{'url':'http://{origin}/'}"
               "]},'expect':{'c':{%s}}}",
               check);
    for (size_t i = 0; i < text.len; i++)
        text.at[i] = text.at[i] == '\'' ? '"' : text.at[i];
    if (scenario_load_text(text.at, text.len, "t", &set, complaints) < 0) {
        complaints_print(complaints, stdout);
        fail_msg("%s does not load", check);
    }
    bool vacuous = grade_is_vacuous(set.scenarios[0], &why) != NULL;
    assert_true(why != NULL);
    scenario_set_free(&set);
    complaints_free(complaints);
    buf_free(&text);
    return vacuous;
}

static void checks_that_say_nothing_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (is_vacuous(checks[i].check) != checks[i].vacuous)
            fail_msg("%s is %svacuous", checks[i].check, checks[i].vacuous ? "not " : "");
}

static void no_shipped_check_says_nothing(void **state)
{
    (void)state;
    struct complaints *complaints = complaints_new();
    struct catalogue *c = catalogue_new(FP_SOURCE_DIR "/scenarios");
    size_t judged = 0;
    for (size_t i = 0; i < c->count; i++) {
        struct scenario_set set;
        if (catalogue_load(c->entries[i].path, &set, complaints) < 0)
            fail_msg("%s does not load", c->entries[i].path);
        for (size_t k = 0; k < set.count; k++, judged++) {
            const char *why;
            const struct check *found = grade_is_vacuous(set.scenarios[k], &why);
            if (found)
                fail_msg("%s: %s: %s", c->entries[i].path, found->id, why);
        }
        scenario_set_free(&set);
    }
    assert_true(judged > 0);
    catalogue_free(c);
    complaints_free(complaints);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(checks_that_say_nothing_are_found),
    cmocka_unit_test(no_shipped_check_says_nothing),
};

TEST_MAIN(tests)
