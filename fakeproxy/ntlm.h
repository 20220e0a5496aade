/*
 * The outside of NTLM (MS-NLMP): enough for clients to go through its three legs. A look-alike: the
 * user name of the third leg is read, its proof of the password is not. Pure.
 */
#ifndef FP_NTLM_H
#define FP_NTLM_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum { NTLM_NEGOTIATE = 1, NTLM_CHALLENGE = 2, NTLM_AUTHENTICATE = 3, NTLM_NONCE = 8 };

/* The number of the message (base64 undone), or 0: it is none. */
int ntlm_message(const char *octets, size_t len);
/* The user name of an AUTHENTICATE message, in UTF-8. False: it lies outside of the message. */
bool ntlm_user(const char *octets, size_t len, struct buf *user);
/* Appends a CHALLENGE message. */
void ntlm_challenge(const unsigned char nonce[NTLM_NONCE], struct buf *out);

#endif
