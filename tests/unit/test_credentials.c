/* Field values with credentials or one challenge: what is read, and what is said of bad ones. */
#include "cmocka_main.h"

#include <stdlib.h>

#include "credentials.h"

/* Exactly the octets, so that the sanitizer sees a read beyond them. */
static void parse(const char *text, struct credentials *c)
{
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    credentials_parse((struct http_slice){ copy, len }, c);
    free(copy); /* what was read does not need it any more */
}

/* "scheme|token68|name=value|name=value" */
static void show(const struct credentials *c, char *out, size_t room)
{
    int n = snprintf(out, room, "%.*s|%.*s", (int)c->scheme.len, c->scheme.at, (int)c->token68.len,
                     c->token68.len ? c->token68.at : "");
    for (size_t i = 0; i < c->count; i++)
        n += snprintf(out + n, room - (size_t)n, "|%.*s=%.*s", (int)c->params[i].name.len,
                      c->params[i].name.at, (int)c->params[i].value.len, c->params[i].value.at);
}

static void test_well_formed(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "Basic dTE6cDE=", "Basic|dTE6cDE=" },
        { "Basic   dTE6cDE=  ", "Basic|dTE6cDE=" },
        { "basic\tdTE6cDE=", "basic|dTE6cDE=" },
        { "Bearer a-b._~+/c==", "Bearer|a-b._~+/c==" },
        { "NTLM", "NTLM|" },
        { "Digest a=b", "Digest||a=b" },
        { "Digest a=b, c=d", "Digest||a=b|c=d" },
        { "Digest a=b,c=\"d\"", "Digest||a=b|c=d" },
        { "Digest a = b , c\t=\t\"d\"", "Digest||a=b|c=d" },
        { "Digest , ,a=b, ,", "Digest||a=b" },
        { "Digest a=\"\"", "Digest||a=" },
        { "Digest a=\"b\\\"c, d=e\"", "Digest||a=b\"c, d=e" },
        { "Digest a=\"\\\\\\x\"", "Digest||a=\\x" },
        { "Digest a=b,\r\n c=d", "Digest||a=b|c=d" },
        { "Digest username*=UTF-8''J%C3%A4s", "Digest||username*=UTF-8''J%C3%A4s" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct credentials c;
        char text[256];
        parse(rows[i][0], &c);
        show(&c, text, sizeof(text));
        assert_string_equal(text, rows[i][1]);
        assert_null(c.wrong);
        credentials_free(&c);
    }
}

static void test_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown, *wrong;
    } rows[] = {
        { "", "|", "there is no authentication scheme" },
        { "  ", "|", "there is no authentication scheme" },
        { "=a", "|", "there is no authentication scheme" },
        { "Ba:sic x", "Ba|", "the authentication scheme is no token" },
        { "Basic u1:p1", "Basic|", "what follows the scheme is neither a token68 nor parameters" },
        { "Basic =", "Basic|", "what follows the scheme is neither a token68 nor parameters" },
        { "Digest a=b=c", "Digest||a=b=c", "a parameter's value needs quotes" },
        { "Digest uri=/x?y=z, a=b", "Digest||uri=/x?y=z|a=b", "a parameter's value needs quotes" },
        { "Digest a=, b=c", "Digest||a=|b=c", "a parameter has no value" },
        { "Digest a=\"b", "Digest||a=b", "a quoted string does not end" },
        { "Digest a=\"b\\", "Digest||a=b\\", "a quoted string does not end" },
        { "Digest a=b c=d", "Digest||a=b|c=d", "a comma between parameters is missing" },
        { "Digest a=b, A=c", "Digest||a=b|A=c", "a parameter is given twice" },
        { "Digest a=b, c", "Digest||a=b",
          "what follows the scheme is neither a token68 nor parameters" },
        { "X a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1,p=1,q=1,r=1,s=1,t=1,u=1,"
          "v=1,w=1,x=1,y=1",
          "X||a=1|b=1|c=1|d=1|e=1|f=1|g=1|h=1|i=1|j=1|k=1|l=1|m=1|n=1|o=1|p=1|q=1|r=1|s=1|t=1|u=1|"
          "v=1|w=1|x=1",
          "there are more parameters than any scheme has" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct credentials c;
        char text[256];
        parse(rows[i].text, &c);
        show(&c, text, sizeof(text));
        assert_string_equal(text, rows[i].shown);
        assert_non_null(c.wrong);
        assert_string_equal(c.wrong, rows[i].wrong);
        credentials_free(&c);
    }
}

static void test_parameters_by_name(void **state)
{
    (void)state;
    struct credentials c;
    struct http_slice value;
    parse("Digest Nonce=\"n1\", qop=auth", &c);
    assert_true(credentials_param(&c, "nonce", &value) && http_slice_is(value, "n1"));
    assert_true(credentials_param(&c, "QOP", &value) && http_slice_is(value, "auth"));
    assert_false(credentials_param(&c, "nc", &value));
    assert_int_equal(value.len, 0);
    credentials_free(&c);
}

static void test_base64(void **state)
{
    (void)state;
    static const struct {
        const char *text, *octets;
        bool whole;
    } rows[] = {
        { "dTE6cDE=", "u1:p1", true },
        { "dTE6YTpiOmM=", "u1:a:b:c", true },
        { "YQ==", "a", true },
        { "YWI=", "ab", true },
        { "YWJj", "abc", true },
        { "", "", true },
        { "YQ", "a", false },
        { "YQ=", "a", false },
        { "YWJj=", "abc", false },
        { "YWJjZ", "abc", false },
        { "YW-j", "a", false },
        { "YQ==YQ==", "a", false },
        { "dGVzdDoxMjPCow==", "test:123\302\243", true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out = { 0 };
        bool whole =
            credentials_base64((struct http_slice){ rows[i].text, strlen(rows[i].text) }, &out);
        assert_int_equal(whole, rows[i].whole);
        assert_int_equal(out.len, strlen(rows[i].octets));
        assert_memory_equal(out.len ? out.at : "", rows[i].octets, out.len);
        buf_free(&out);
    }
}

static void test_stale(void **state)
{
    (void)state;
    static const struct {
        const char *challenges;
        bool stale;
    } rows[] = {
        { "Digest realm=\"p\", nonce=\"n\", stale=true", true },
        { "Digest stale=TRUE, realm=\"p\"", true },
        { "Digest realm=\"p\", stale=\"true\"", true },
        { "Digest realm=\"p\", stale = true", true },
        { "Basic realm=\"p\", Digest realm=\"p\", stale=true", true },
        { "Digest realm=\"p\", stale=false", false },
        { "Digest realm=\"stale=true\"", false },
        { "Digest realm=\"a, stale=true\"", false },
        { "Basic realm=\"p\"", false },
        { "", false },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(credentials_says_stale(
                             (struct http_slice){ rows[i].challenges, strlen(rows[i].challenges) }),
                         rows[i].stale);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_well_formed),
    cmocka_unit_test(test_malformed),
    cmocka_unit_test(test_parameters_by_name),
    cmocka_unit_test(test_base64),
    cmocka_unit_test(test_stale),
};

TEST_MAIN(tests)
