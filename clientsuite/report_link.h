/*
 * Where a client's own report lies, as a link.
 */
#ifndef CS_REPORT_LINK_H
#define CS_REPORT_LINK_H

/* The report FILE.html that lies beside the results FILE.json, as a relative link from the
 * (absolute) folder; free() it. NULL: there is none. */
char *report_link(const char *results, const char *folder);

#endif
