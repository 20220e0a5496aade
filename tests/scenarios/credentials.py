"""Credentials as clients compute them, and their mistakes."""

import base64
import hashlib
import re
import struct

PROXY, ORIGIN = "Proxy-Authorization", "Authorization"


def line(field, scheme, value):
    return "%s: %s %s\r\n" % (field, scheme, value)


def basic(user="u1", password="p1", charset="utf-8", field=PROXY):
    """A field line with Basic credentials (RFC 7617)."""
    pair = ("%s:%s" % (user, password)).encode(charset)
    return line(field, "Basic", base64.b64encode(pair).decode())


# ---- Digest (RFC 7616) ---------------------------------------------------------------------------

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def parameters(challenge):
    """Of one challenge, quoted strings undone."""
    found = re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', challenge)
    return {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or token for name, quoted, token in found}


def digest(challenge, uri, user="u1", password="p1", method="GET", nc=1, content=b"", field=PROXY,
           cnonce="0a4f113b", **changed):
    """A field line in answer to that challenge. `changed`: parameters that are sent as they stand
    here, quotes included, after the response was computed with the right ones; None: not sent."""
    c = parameters(challenge)
    known = HASHES[c.get("algorithm", "MD5")]

    def h(*parts):
        return known(":".join(parts).encode()).hexdigest()

    qop = changed.get("qop", c["qop"].split(",")[0].strip()).strip('"')
    a2 = [method, uri] + ([known(content).hexdigest()] if qop == "auth-int" else [])
    count = "%08x" % nc
    response = h(h(user, c["realm"], password), c["nonce"], count, cnonce or "", qop, h(*a2))
    sent = {"username": '"%s"' % user, "realm": '"%s"' % c["realm"], "nonce": '"%s"' % c["nonce"],
            "uri": '"%s"' % uri, "response": '"%s"' % response, "qop": qop, "nc": count,
            "cnonce": cnonce and '"%s"' % cnonce}
    if "algorithm" in c:
        sent["algorithm"] = c["algorithm"]
    if "opaque" in c:
        sent["opaque"] = '"%s"' % c["opaque"]
    sent.update(changed)
    return line(field, "Digest", ", ".join("%s=%s" % i for i in sent.items() if i[1] is not None))


# ---- NTLM, by its looks (MS-NLMP) ----------------------------------------------------------------


def ntlm(message, user="u1"):
    """The field line of a leg: message 1 (NEGOTIATE) or 3 (AUTHENTICATE)."""
    octets = b"NTLMSSP\0" + struct.pack("<I", message)
    if message == 1:
        octets += struct.pack("<I", 0x00000201) + bytes(16)
    else:
        name, head = user.encode("utf-16-le"), 64
        places = [0, 0, 0, len(name), 0, 0]  # responses, domain, user, workstation, key: empty
        for size in places:
            octets += struct.pack("<HHI", size, size, head)
        octets += struct.pack("<I", 0x00000201) + name
    return line(PROXY, "NTLM", base64.b64encode(octets).decode())
