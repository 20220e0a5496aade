/*
 * Bodies as a client received them, against the journal of what was sent.
 */
#include "cmocka_main.h"

#include "arena.h"
#include "bodies.h"
#include "buf.h"
#include "complaints.h"
#include "content.h"
#include "journal_lines.h"

/* ' stands for " */
static const char scenario[] =
    "{'fakeproxy':1,'id':'t/t','origins':{'o2':{}},"
    "'proxy':{'auth':{'scheme':'basic','users':{'u1':'p1'}},'rules':["
    "{'name':'page','on':'request','when':{'path':'/page'},'do':[{'respond':{'status':407,'body':"
    "'denied to {user}'}}]},"
    "{'name':'big','on':'request','when':{'path':'/big'},'do':[{'respond':{'body':{'size':100000,"
    "'seed':3}}}]},"
    "{'name':'hints','on':'request','when':{'path':'/hints'},'do':[{'respond':{'status':103}},"
    "{'send':{'octets':'HTTP/1.1 103 x\\r\\n\\r\\n','times':3}},{'respond':{'body':'after'}}]},"
    "{'name':'two','on':'request','when':{'path':'/two'},'do':[{'respond':{'body':'first'}},"
    "{'respond':{'body':'second'}}]},"
    "{'name':'raw','on':'request','when':{'path':'/raw'},'do':[{'send':'HTTP/1.1 200 OK\\r\\n\\r\\n"
    "hm'},'close']},"
    "{'name':'told','on':'request','when':{'path':'/told'},'do':[{'send':{'octets':'HTTP/1.1 200 "
    "OK\\r\\n\\r\\nhm','content':'hello'}},'close']},"
    "{'name':'gzip','on':'request','when':{'path':'/gzip'},'do':[{'respond':{'headers':[["
    "'Content-Encoding','gzip']],'body':{'base64':"
    "'H4sIAAAAAAACA8tIzcnJ11FIr8osUFTIwMkBAH7SJCknAAAA'}}}]},"
    "{'name':'br','on':'request','when':{'path':'/br'},'do':[{'respond':{'headers':[["
    "'Content-Encoding','br']],'body':'brbr'}}]},"
    "{'name':'short','on':'request','when':{'path':'/short'},'do':[{'respond':{'headers':[["
    "'Content-Length','3']],'body':'abcdef'}}]},"
    "{'name':'long','on':'request','when':{'path':'/long'},'do':[{'respond':{'headers':[["
    "'Content-Length','9']],'body':'abcdef'}}]},"
    "{'name':'till','on':'request','when':{'path':'/till'},'do':[{'respond':{'framing':'close',"
    "'body':'abcdef'}}]},"
    "{'name':'moved','on':'request','when':{'path':'/moved'},'do':[{'respond':{'status':302,"
    "'headers':[['Location','http://a.test/there']]}}]},"
    "{'name':'pass','on':'request','when':{'path':'/rule'},'do':['forward']},"
    "{'name':'cut','on':'request','when':{'path':'/bytes/*'},'do':[{'forward':{'cut':{"
    "'after_body_bytes':600,'with':'reset'}}}]}]},"
    "'origin':{'rules':[{'name':'origins','on':'request','when':{'path':'/rule'},'do':[{'respond':{"
    "'status':404,'body':'not {path}'}}]}]},"
    "'client':{'steps':[{'url':'http://{origin}/'}]}}";

/* An exchange at the proxy; what a proxy forwards, and the origin's part of it. */
#define ASK(c, path)                                                                               \
    "0.1 proxy request connection=" c " exchange=1 method=GET target=http://a.test" path           \
    " form=absolute host=a.test path=" path " version=1.1"
#define SAY(c, status) "0.2 proxy response connection=" c " exchange=1 status=" status
#define SENT(c, status, n)                                                                         \
    "0.3 proxy sent connection=" c " exchange=1 status=" status " bytes=99 body_bytes=" n          \
    " whole=true"
#define PART(c, status, n)                                                                         \
    "0.3 proxy sent connection=" c " exchange=1 status=" status " bytes=99 body_bytes=" n          \
    " whole=false"
#define INNER(via, carrier, e, path)                                                               \
    "0.15 origin request connection=1 exchange=" e " via=" via " carrier=" carrier                 \
    " method=GET target=" path " form=origin host=a.test path=" path                               \
    " version=1.1 header.Host=a.test"
#define REPLY(e, status) "0.16 origin response connection=1 exchange=" e " status=" status
#define DONE(e, status)                                                                            \
    "0.17 origin sent connection=1 exchange=" e " status=" status                                  \
    " bytes=99 body_bytes=0 whole=true"
#define ETAG(tag) " header.ETag='\"" tag "\"'"
#define LENGTH(n) " header.Content-Length=" n

enum { LINES = 12 };

static const struct {
    const char *what, *url, *journal[LINES];
    int status;
    const char *text; /* received; NULL: so many generated octets from `offset` on */
    uint64_t bytes, offset;
    enum body_class expected;
    const char *rule;
} rows[] = {
    { "nothing came",
      "http://a.test/page",
      { ASK("1", "/x") },
      200,
      "abc",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "no octets",
      "http://a.test/page",
      { ASK("1", "/page"), SAY("1", "407") " rule=page", SENT("1", "407", "13") " rule=page" },
      407,
      "",
      0,
      0,
      BODY_CLASS_EMPTY,
      NULL },
    { "a rule's text, fields put in",
      "http://a.test/page",
      { ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        SENT("1", "407", "12") " rule=page" },
      407,
      "denied to u1",
      0,
      0,
      BODY_CLASS_WHOLE,
      "page" },
    { "the page of the 407 beside a 200",
      "http://a.test/page",
      { ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        SENT("1", "407", "12") " rule=page" },
      200,
      "denied to u1",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "no status told",
      "http://a.test/page",
      { ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        SENT("1", "407", "12") " rule=page" },
      0,
      "denied to u1",
      0,
      0,
      BODY_CLASS_WHOLE,
      "page" },
    { "a prefix",
      "http://a.test/page",
      { ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        SENT("1", "407", "12") " rule=page" },
      407,
      "denied",
      0,
      0,
      BODY_CLASS_PART,
      "page" },
    { "as long, but other octets",
      "http://a.test/page",
      { ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        SENT("1", "407", "12") " rule=page" },
      407,
      "denied to u2",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "more than was sent",
      "http://a.test/page",
      { ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        SENT("1", "407", "12") " rule=page" },
      407,
      "denied to u1!",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "all of it, but its end was not sent",
      "http://a.test/page",
      { ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        PART("1", "407", "12") " rule=page" },
      407,
      "denied to u1",
      0,
      0,
      BODY_CLASS_PART,
      "page" },
    { "another step's",
      "http://a.test/other",
      { ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        SENT("1", "407", "12") " rule=page" },
      407,
      "denied to u1",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "the answer to a CONNECT",
      "https://a.test/page",
      { "0.1 proxy request connection=1 exchange=1 method=CONNECT target=a.test:443 "
        "form=authority host=a.test",
        SAY("1", "407") " rule=gate", SENT("1", "407", "14") " rule=gate" },
      407,
      "proxy 407 c0de",
      0,
      0,
      BODY_CLASS_FOREIGN,
      "gate" },
    { "its beginning, as a 200",
      "https://a.test/page",
      { "0.1 proxy request connection=1 exchange=1 method=CONNECT target=a.test:443 "
        "form=authority host=a.test",
        SAY("1", "407") " rule=gate", SENT("1", "407", "14") " rule=gate" },
      200,
      "proxy 4",
      0,
      0,
      BODY_CLASS_FOREIGN,
      "gate" },
    { "another text beside its status",
      "https://a.test/page",
      { "0.1 proxy request connection=1 exchange=1 method=CONNECT target=a.test:443 "
        "form=authority host=a.test",
        SAY("1", "407") " rule=gate", SENT("1", "407", "14") " rule=gate" },
      407,
      "proxy 403 c0de",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "the answer to another host's CONNECT",
      "https://a.test/page",
      { "0.1 proxy request connection=1 exchange=1 method=CONNECT target=b.test:443 "
        "form=authority host=a.test",
        SAY("1", "407") " rule=gate", SENT("1", "407", "14") " rule=gate" },
      407,
      "proxy 407 c0de",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "a proxy's answer to an https URL asked for in plain",
      "https://a.test/page",
      { ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        SENT("1", "407", "12") " rule=page" },
      407,
      "denied to u1",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "a proxy's answer to an https URL that it was trusted with",
      "https://a.test/page",
      { "0.1 proxy request connection=1 exchange=1 method=GET target=https://a.test/page "
        "form=absolute host=a.test path=/page user=u1",
        SAY("1", "407") " rule=page", SENT("1", "407", "12") " rule=page" },
      407,
      "denied to u1",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "a gate's mark",
      "http://a.test/x",
      { ASK("1", "/x"), SAY("1", "407") " rule=gate", SENT("1", "407", "14") " rule=gate" },
      407,
      "proxy 407 c0de",
      0,
      0,
      BODY_CLASS_WHOLE,
      "gate" },
    { "the origin's mark, forwarded",
      "http://a.test/x",
      { ASK("1", "/x"), INNER("forward", "1", "1", "/x"), REPLY("1", "200") LENGTH("15"),
        DONE("1", "200"), SAY("1", "200") LENGTH("15"), SENT("1", "200", "15") },
      200,
      "origin 200 c0de",
      0,
      0,
      BODY_CLASS_WHOLE,
      "" },
    { "forwarded, and cut by the proxy",
      "http://a.test/bytes/1000",
      { ASK("1", "/bytes/1000"), INNER("forward", "1", "1", "/bytes/1000"),
        REPLY("1", "200") LENGTH("1000"), DONE("1", "200"),
        SAY("1", "200") " rule=cut" LENGTH("1000"), PART("1", "200", "600") " rule=cut" },
      200,
      NULL,
      600,
      0,
      BODY_CLASS_PART,
      "cut" },
    { "the origin's rule, forwarded",
      "http://a.test/rule",
      { ASK("1", "/rule"), INNER("forward", "1", "1", "/rule"), REPLY("1", "404") " rule=origins",
        DONE("1", "404") " rule=origins", SAY("1", "404"), SENT("1", "404", "9") },
      404,
      "not /rule",
      0,
      0,
      BODY_CLASS_WHOLE,
      "origins" },
    { "the origin's rule, forwarded by one of the proxy's",
      "http://a.test/rule",
      { ASK("1", "/rule"), INNER("forward", "1", "1", "/rule"), REPLY("1", "404") " rule=origins",
        DONE("1", "404") " rule=origins", SAY("1", "404") " rule=pass",
        SENT("1", "404", "9") " rule=pass" },
      404,
      "not /rule",
      0,
      0,
      BODY_CLASS_WHOLE,
      "origins" },
    { "another connection's forward",
      "http://a.test/x",
      { ASK("1", "/x"), INNER("forward", "2", "1", "/x"), REPLY("1", "200"), DONE("1", "200"),
        SAY("1", "200"), SENT("1", "200", "15") },
      200,
      "origin 200 c0de",
      0,
      0,
      BODY_CLASS_UNKNOWN,
      NULL },
    { "in a tunnel",
      "https://a.test/x",
      { INNER("tunnel", "1", "1", "/x"), REPLY("1", "200") LENGTH("15"), DONE("1", "200") },
      200,
      "origin 200 c0de",
      0,
      0,
      BODY_CLASS_WHOLE,
      "" },
    { "an error of our own",
      "http://a.test/x",
      { ASK("1", "/x"), SAY("1", "502"), SENT("1", "502", "23") },
      502,
      "fakeproxy: it is broken",
      0,
      0,
      BODY_CLASS_WHOLE,
      "" },
    { "an error that is not our own",
      "http://a.test/x",
      { ASK("1", "/x"), SAY("1", "502"), SENT("1", "502", "23") },
      502,
      "elsewhere: it is broken",
      0,
      0,
      BODY_CLASS_UNKNOWN,
      NULL },
    { "generated, with a seed",
      "http://a.test/big",
      { ASK("1", "/big"), SAY("1", "200") " rule=big" LENGTH("100000"),
        SENT("1", "200", "100000") " rule=big" },
      200,
      NULL,
      100000,
      291 /* 3 * 97 */,
      BODY_CLASS_WHOLE,
      "big" },
    { "generated, without the seed",
      "http://a.test/big",
      { ASK("1", "/big"), SAY("1", "200") " rule=big" LENGTH("100000"),
        SENT("1", "200", "100000") " rule=big" },
      200,
      NULL,
      100000,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "behind interim answers",
      "http://a.test/hints",
      { ASK("1", "/hints"), SAY("1", "103") " rule=hints", SAY("1", "103") " rule=hints",
        SAY("1", "103") " rule=hints", SAY("1", "200") " rule=hints",
        SENT("1", "200", "5") " rule=hints" },
      200,
      "after",
      0,
      0,
      BODY_CLASS_WHOLE,
      "hints" },
    { "the second of two answers",
      "http://a.test/two",
      { ASK("1", "/two"), SAY("1", "200") " rule=two", SENT("1", "200", "5") " rule=two",
        SAY("1", "200") " rule=two", SENT("1", "200", "6") " rule=two" },
      200,
      "second",
      0,
      0,
      BODY_CLASS_WHOLE,
      "two" },
    { "octets that say nothing of their content",
      "http://a.test/raw",
      { ASK("1", "/raw"), SAY("1", "200") " rule=raw", SENT("1", "200", "2") " rule=raw" },
      200,
      "hm",
      0,
      0,
      BODY_CLASS_UNKNOWN,
      NULL },
    { "octets that do",
      "http://a.test/told",
      { ASK("1", "/told"), SAY("1", "200") " rule=told", SENT("1", "200", "2") " rule=told" },
      200,
      "hello",
      0,
      0,
      BODY_CLASS_WHOLE,
      "told" },
    { "and not their own",
      "http://a.test/told",
      { ASK("1", "/told"), SAY("1", "200") " rule=told", SENT("1", "200", "2") " rule=told" },
      200,
      "hm",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "content-decoded",
      "http://a.test/gzip",
      { ASK("1", "/gzip"), SAY("1", "200") " rule=gzip header.Content-Encoding=gzip" LENGTH("36"),
        SENT("1", "200", "36") " rule=gzip" },
      200,
      "hello, gzip! hello, gzip! hello, gzip! ",
      0,
      0,
      BODY_CLASS_WHOLE,
      "gzip" },
    { "content-decoded in part",
      "http://a.test/gzip",
      { ASK("1", "/gzip"), SAY("1", "200") " rule=gzip header.Content-Encoding=gzip" LENGTH("36"),
        SENT("1", "200", "36") " rule=gzip" },
      200,
      "hello, gzip! hello,",
      0,
      0,
      BODY_CLASS_PART,
      "gzip" },
    { "a coding we do not know",
      "http://a.test/br",
      { ASK("1", "/br"), SAY("1", "200") " rule=br header.Content-Encoding=br" LENGTH("4"),
        SENT("1", "200", "4") " rule=br" },
      200,
      "decoded",
      0,
      0,
      BODY_CLASS_UNKNOWN,
      NULL },
    { "the same as it was sent",
      "http://a.test/br",
      { ASK("1", "/br"), SAY("1", "200") " rule=br header.Content-Encoding=br" LENGTH("4"),
        SENT("1", "200", "4") " rule=br" },
      200,
      "brbr",
      0,
      0,
      BODY_CLASS_WHOLE,
      "br" },
    { "its length is less",
      "http://a.test/short",
      { ASK("1", "/short"), SAY("1", "200") " rule=short" LENGTH("3"),
        SENT("1", "200", "6") " rule=short" },
      200,
      "abc",
      0,
      0,
      BODY_CLASS_WHOLE,
      "short" },
    { "and what is behind it belongs to nothing",
      "http://a.test/short",
      { ASK("1", "/short"), SAY("1", "200") " rule=short" LENGTH("3"),
        SENT("1", "200", "6") " rule=short" },
      200,
      "abcdef",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
    { "its length is more",
      "http://a.test/long",
      { ASK("1", "/long"), SAY("1", "200") " rule=long" LENGTH("9"),
        SENT("1", "200", "6") " rule=long" },
      200,
      "abcdef",
      0,
      0,
      BODY_CLASS_PART,
      "long" },
    { "without a length, its end clean",
      "http://a.test/till",
      { ASK("1", "/till"), SAY("1", "200") " rule=till", SENT("1", "200", "6") " rule=till",
        "0.4 proxy close connection=1 by=us how=fin" },
      200,
      "abcdef",
      0,
      0,
      BODY_CLASS_WHOLE,
      "till" },
    { "without a length, cut by a clean end: nobody can tell",
      "http://a.test/till",
      { ASK("1", "/till"), SAY("1", "200") " rule=till", PART("1", "200", "4") " rule=till",
        "0.4 proxy close connection=1 by=us how=fin notify=true" },
      200,
      "abcd",
      0,
      0,
      BODY_CLASS_WHOLE,
      "till" },
    { "without a length, ended by an RST",
      "http://a.test/till",
      { ASK("1", "/till"), SAY("1", "200") " rule=till", SENT("1", "200", "6") " rule=till",
        "0.4 proxy close connection=1 by=us how=reset" },
      200,
      "abcdef",
      0,
      0,
      BODY_CLASS_PART,
      "till" },
    { "without a length, ended without close_notify",
      "http://a.test/till",
      { ASK("1", "/till"), SAY("1", "200") " rule=till", SENT("1", "200", "6") " rule=till",
        "0.4 proxy close connection=1 by=us how=fin notify=false" },
      200,
      "abcdef",
      0,
      0,
      BODY_CLASS_PART,
      "till" },
    { "without a length, another connection's end",
      "http://a.test/till",
      { ASK("1", "/till"), SAY("1", "200") " rule=till", SENT("1", "200", "6") " rule=till",
        "0.4 proxy close connection=2 by=us how=reset" },
      200,
      "abcdef",
      0,
      0,
      BODY_CLASS_WHOLE,
      "till" },
    { "without a length, forwarded, and cut by a clean end",
      "http://a.test/bytes/1000",
      { ASK("1", "/bytes/1000"), INNER("forward", "1", "1", "/bytes/1000"), REPLY("1", "200"),
        DONE("1", "200"), SAY("1", "200") " rule=cut", PART("1", "200", "600") " rule=cut",
        "0.4 proxy close connection=1 by=us how=fin" },
      200,
      NULL,
      600,
      0,
      BODY_CLASS_WHOLE,
      "cut" },
    { "without a length, forwarded, and cut by an RST",
      "http://a.test/bytes/1000",
      { ASK("1", "/bytes/1000"), INNER("forward", "1", "1", "/bytes/1000"), REPLY("1", "200"),
        DONE("1", "200"), SAY("1", "200") " rule=cut", PART("1", "200", "600") " rule=cut",
        "0.4 proxy close connection=1 by=us how=reset" },
      200,
      NULL,
      600,
      0,
      BODY_CLASS_PART,
      "cut" },
    { "behind a redirect",
      "http://a.test/moved",
      { ASK("1", "/moved"), SAY("1", "302") " rule=moved header.Location=http://a.test/there",
        SENT("1", "302", "14") " rule=moved", ASK("2", "/there"),
        INNER("forward", "2", "1", "/there"), REPLY("1", "200"), DONE("1", "200"), SAY("2", "200"),
        SENT("2", "200", "15") },
      200,
      "origin 200 c0de",
      0,
      0,
      BODY_CLASS_WHOLE,
      "" },
    { "the redirect's own",
      "http://a.test/moved",
      { ASK("1", "/moved"), SAY("1", "302") " rule=moved header.Location=http://a.test/there",
        SENT("1", "302", "14") " rule=moved" },
      302,
      "proxy 302 c0de",
      0,
      0,
      BODY_CLASS_WHOLE,
      "moved" },
    { "a range",
      "http://a.test/bytes/1000",
      { INNER("direct", "0", "1", "/bytes/1000"),
        REPLY("1", "206") LENGTH("100") " header.Content-Range='bytes 500-599/1000'",
        DONE("1", "206") },
      206,
      NULL,
      100,
      500,
      BODY_CLASS_WHOLE,
      "" },
    { "a range of a text",
      "http://a.test/x",
      { INNER("direct", "0", "1", "/x"),
        REPLY("1", "206") LENGTH("3") " header.Content-Range='bytes 7-9/15'", DONE("1", "206") },
      206,
      "200",
      0,
      0,
      BODY_CLASS_WHOLE,
      "" },
    { "resumed",
      "http://a.test/bytes/1000",
      { ASK("1", "/bytes/1000"), INNER("forward", "1", "1", "/bytes/1000"),
        REPLY("1", "200") LENGTH("1000") ETAG("a"), DONE("1", "200"),
        SAY("1", "200") " rule=cut" LENGTH("1000") ETAG("a"), PART("1", "200", "600") " rule=cut",
        ASK("2", "/bytes/1000"), INNER("forward", "2", "2", "/bytes/1000"),
        REPLY("2", "206") LENGTH("400") ETAG("a") " header.Content-Range='bytes 600-999/1000'",
        DONE("2", "206"),
        SAY("2", "206") LENGTH("400") ETAG("a") " header.Content-Range='bytes 600-999/1000'",
        SENT("2", "206", "400") },
      200,
      NULL,
      1000,
      0,
      BODY_CLASS_WHOLE,
      "" },
    { "resumed, but of another representation",
      "http://a.test/bytes/1000",
      { ASK("1", "/bytes/1000"), INNER("forward", "1", "1", "/bytes/1000"),
        REPLY("1", "200") LENGTH("1000") ETAG("a"), DONE("1", "200"),
        SAY("1", "200") " rule=cut" LENGTH("1000") ETAG("a"), PART("1", "200", "600") " rule=cut",
        ASK("2", "/bytes/1000"), INNER("forward", "2", "2", "/bytes/1000"),
        REPLY("2", "206") LENGTH("400") ETAG("b") " header.Content-Range='bytes 600-999/1000'",
        DONE("2", "206"),
        SAY("2", "206") LENGTH("400") ETAG("b") " header.Content-Range='bytes 600-999/1000'",
        SENT("2", "206", "400") },
      200,
      NULL,
      1000,
      0,
      BODY_CLASS_PART,
      "cut" },
    { "resumed without a strong validator",
      "http://a.test/bytes/1000",
      { ASK("1", "/bytes/1000"), INNER("forward", "1", "1", "/bytes/1000"),
        REPLY("1", "200") LENGTH("1000") " header.ETag='W/\"a\"'", DONE("1", "200"),
        SAY("1", "200") " rule=cut" LENGTH("1000") " header.ETag='W/\"a\"'",
        PART("1", "200", "600") " rule=cut", ASK("2", "/bytes/1000"),
        INNER("forward", "2", "2", "/bytes/1000"),
        REPLY("2", "206") LENGTH("400") " header.ETag='W/\"a\"'"
                                        " header.Content-Range='bytes 600-999/1000'",
        DONE("2", "206"),
        SAY("2", "206") LENGTH("400") " header.ETag='W/\"a\"'"
                                      " header.Content-Range='bytes 600-999/1000'",
        SENT("2", "206", "400") },
      200,
      NULL,
      1000,
      0,
      BODY_CLASS_PART,
      "cut" },
    { "resumed, and not to its end",
      "http://a.test/bytes/1000",
      { INNER("direct", "0", "1", "/bytes/1000"), REPLY("1", "200") LENGTH("1000"),
        INNER("direct", "0", "2", "/bytes/1000"),
        REPLY("2", "206") LENGTH("300") " header.Content-Range='bytes 600-899/1000'",
        DONE("2", "206") },
      200,
      NULL,
      900,
      0,
      BODY_CLASS_PART,
      "" },
    { "a range alone beside a 200",
      "http://a.test/bytes/1000",
      { INNER("direct", "0", "1", "/bytes/1000"),
        REPLY("1", "206") LENGTH("400") " header.Content-Range='bytes 600-999/1000'",
        DONE("1", "206") },
      200,
      NULL,
      400,
      600,
      BODY_CLASS_FOREIGN,
      NULL },
    { "an echo",
      "http://a.test/echo",
      { INNER("direct", "0", "1", "/echo"), REPLY("1", "200"), DONE("1", "200") },
      200,
      "GET /echo HTTP/1.1\r\nHost: a.test\r\n\r\n",
      0,
      0,
      BODY_CLASS_WHOLE,
      "" },
    { "no content",
      "http://a.test/x",
      { INNER("direct", "0", "1", "/x"), REPLY("1", "204"), DONE("1", "204") },
      204,
      "",
      0,
      0,
      BODY_CLASS_WHOLE,
      "" },
    { "before the step, and behind it",
      "http://a.test/x",
      { "0.1 client note", "0.1 client note", INNER("direct", "0", "1", "/x") },
      200,
      "origin 200 c0de",
      0,
      0,
      BODY_CLASS_FOREIGN,
      NULL },
};

static const char *value(void *arg, const char *name, size_t len, size_t *value_len)
{
    (void)arg;
    const char *v = len == 4 && memcmp(name, "case", 4) == 0 ? "c0de" : "a.test";
    *value_len = strlen(v);
    return v;
}

static enum body_class classify(const struct scenario *s, size_t row, bool by_hash,
                                const char **rule)
{
    static const struct text_scope scope = { .value = value };
    const struct fp_event *events[LINES];
    struct arena *arena = arena_new();
    struct grade_case c = { .scenario = s, .events = events, .scope = &scope };
    while (c.count < LINES && rows[row].journal[c.count]) {
        events[c.count] = journal_event(arena, rows[row].journal[c.count], c.count + 1);
        c.count++;
    }
    struct body generated = { .source = BODY_PATTERN, .size = rows[row].bytes };
    generated.offset = rows[row].offset;
    const char *text = rows[row].text;
    struct content content = text ? content_octets(text, strlen(text), arena)
                                  : content_of(&generated, &scope, "", arena);
    char hex[CONTENT_HEX], head[4096];
    content_sha256(&content, content.len, hex);
    struct body_step step = { .method = "GET", .url = rows[row].url };
    struct body_received r = { .status = rows[row].status, .bytes = content.len, .head = head };
    r.head_len = content_copy(&content, 0, head, sizeof(head));
    r.sha256 = by_hash ? hex : NULL;
    enum body_class class = outcome_classify(&c, &step, &r, rule);
    arena_free(arena);
    return class;
}

static struct scenario_set load(void)
{
    struct complaints *complaints = complaints_new();
    struct scenario_set set;
    struct buf text = { 0 };
    for (const char *c = scenario; *c; c++)
        buf_char(&text, *c == '\'' ? '"' : *c);
    if (scenario_load_text(text.at, text.len, "t", &set, complaints) < 0) {
        complaints_print(complaints, stdout);
        fail_msg("the scenario does not load");
    }
    complaints_free(complaints);
    buf_free(&text);
    return set;
}

static void judge_rows(bool by_hash)
{
    struct scenario_set set = load();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *rule = "?";
        enum body_class found = classify(set.scenarios[0], i, by_hash, &rule);
        if (found != rows[i].expected)
            fail_msg("%s: found %s, expected %s", rows[i].what, body_class_name(found),
                     body_class_name(rows[i].expected));
        if ((rule == NULL) != (rows[i].rule == NULL) || (rule && strcmp(rule, rows[i].rule) != 0))
            fail_msg("%s: found rule %s, expected %s", rows[i].what, rule ? rule : "none",
                     rows[i].rule ? rows[i].rule : "none");
    }
    scenario_set_free(&set);
}

static void bodies_are_classified_by_hash(void **state)
{
    (void)state;
    judge_rows(true);
}

static void bodies_are_classified_by_their_head(void **state)
{
    (void)state;
    judge_rows(false);
}

/* Only what came between a step and its outcome was for it. */
static void a_step_has_its_time(void **state)
{
    (void)state;
    static const struct text_scope scope = { .value = value };
    static const char *const lines[] = {
        ASK("1", "/page") " user=u1", SAY("1", "407") " rule=page",
        "0.3 client step step=1",     ASK("2", "/page") " user=u2",
        SAY("2", "407") " rule=page", SENT("2", "407", "12") " rule=page",
        "0.3 client outcome step=1",  ASK("3", "/page") " user=u3",
        SAY("3", "407") " rule=page",
    };
    enum { COUNT = sizeof(lines) / sizeof(lines[0]) };
    const struct fp_event *events[COUNT];
    struct scenario_set set = load();
    struct arena *arena = arena_new();
    struct grade_case c = {
        .scenario = set.scenarios[0], .events = events, .count = COUNT, .scope = &scope
    };
    for (size_t i = 0; i < COUNT; i++)
        events[i] = journal_event(arena, lines[i], i + 1);
    struct body_step step = { .method = "GET", .url = "http://a.test/page", .from = 3, .to = 7 };
    struct bodies *bodies = bodies_sent(&c, &step);
    assert_int_equal(bodies_count(bodies), 1);
    struct body_received r = { .status = 407, .bytes = 12, .head = "denied to u2", .head_len = 12 };
    assert_int_equal(bodies_classify(bodies, &r, NULL), BODY_CLASS_WHOLE);
    r.head = "denied to u1";
    assert_int_equal(bodies_classify(bodies, &r, NULL), BODY_CLASS_FOREIGN);
    bodies_free(bodies);
    bodies_free(NULL);
    arena_free(arena);
    scenario_set_free(&set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bodies_are_classified_by_hash),
    cmocka_unit_test(bodies_are_classified_by_their_head),
    cmocka_unit_test(a_step_has_its_time),
};

TEST_MAIN(tests)
