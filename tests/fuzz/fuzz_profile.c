/*
 * Any octets as a client profile: refused with a complaint, or good; and what was accepted has all
 * that a run looks at.
 */
#include <assert.h>

#include "fuzz.h"
#include "profile.h"

static void check(const struct profile *p)
{
    assert(p->name && p->title && p->folder && p->variant_count > 0);
    for (size_t i = 0; i < p->variant_count; i++) {
        const struct profile_variant *v = &p->variants[i];
        assert(v->name && v->capabilities && v->environment);
        assert((v->driver != NULL) != (v->command != NULL));
        assert(!v->driver || v->driver[0]);
        assert(profile_variant(p, v->name) == v);
        if (v->command && v->command->argv) {
            struct template_values *values = template_values_new();
            struct arguments argv = { 0 };
            template_set(values, "url", "http://o/");
            template_expand(v->command->argv, values, &argv);
            arguments_free(&argv);
            template_values_free(values);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct complaints *complaints = complaints_new();
    struct profile *p = profile_load_text((const char *)data, size, "f/profile.json", complaints);
    assert((p != NULL) == (complaints_count(complaints) == 0));
    if (p)
        check(p);
    profile_free(p);
    complaints_free(complaints);
    return 0;
}
