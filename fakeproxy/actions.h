/*
 * The actions of the language: how each is called and played.
 */
#ifndef FP_ACTIONS_H
#define FP_ACTIONS_H

#include "engine.h"

struct action_entry {
    const char *name;
    action_poll *poll;
};

const struct action_entry *action_table(enum action_kind);
const char *action_name(enum action_kind);

#endif
