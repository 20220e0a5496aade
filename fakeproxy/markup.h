/*
 * What XML and HTML have in common: the characters that are markup.
 */
#ifndef FP_MARKUP_H
#define FP_MARKUP_H

/* What stands for it in text and in quoted attributes: "&amp;" for &, and so on; NULL: itself. */
const char *markup_entity(char c);

#endif
