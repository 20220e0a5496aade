/*
 * Positive controls: for each capability a tiny case that a client which has it passes. They show
 * that a profile's claims, and the driver behind them, hold, before any fault is played.
 */
#ifndef CS_CONTROLS_H
#define CS_CONTROLS_H

#include "plan.h"

/* Played for every client, whatever it claims: the house check `bypass` passes where nothing comes
 * past the proxy, so it must be shown that it would be seen. */
#define CONTROL_BYPASS "bypass"

/* A plan of one case for each capability that has a control, and one for `bypass`; ids are
 * `control/CAPABILITY`. */
struct plan *controls_plan(void);

#endif
