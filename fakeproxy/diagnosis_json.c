/*
 * A finding as JSON: the same in the reports of both programs.
 */
#include "diagnosis.h"
#include "member.h"

void diagnosed_json(struct buf *b, const struct diagnosed *f)
{
    buf_char(b, '{');
    member_text(b, "code", f->code);
    member_text(b, "layer", f->layer);
    member_flag(b, "mistake", !f->note);
    member_flag(b, "critical", f->critical);
    member_number(b, "times", (int64_t)f->times);
    member_text(b, "seen", f->seen);
    if (f->cause)
        member_text(b, "cause", f->cause);
    if (f->fix)
        member_text(b, "fix", f->fix);
    member_numbers(b, "evidence", f->evidence, f->evidence_count);
    buf_char(b, '}');
}
