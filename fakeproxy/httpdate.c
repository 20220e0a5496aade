/*
 * HTTP-date and Retry-After. See httpdate.h.
 *
 * A date is read by laying a pattern over it: letters of the pattern stand for the parts of a date
 * ("d" a digit of the day), all else must be equal. The calendar is arithmetic on days since 1970
 * (proleptic Gregorian), because gmtime and timegm know time zones, and strptime the locale.
 *
 * Not read: any other zone than GMT, any other case, obsolete shapes beyond the three of the RFC.
 */
#include "httpdate.h"

#include <stdbool.h>
#include <string.h>

static const char *const day_names[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
};

static const char *const month_names[] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

/* First second of the year 0000, last of 9999. */
static const int64_t FIRST_S = -62167219200, LAST_S = 253402300799;

struct date {
    int64_t year;
    int month, day, weekday; /* month from 1, weekday from Sunday = 0 */
    int hour, minute, second;
};

/* ---- calendar ---- */

/* Days from 1970-01-01 to a date. Years begin in March here, so that a leap day comes last; an era
 * is 400 years, 146097 days. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* 1970-01-01 was a Thursday. */
static int weekday_of(int64_t days)
{
    return (int)(((days % 7) + 11) % 7);
}

static struct date date_of(int64_t s)
{
    struct date d;
    int64_t days = floor_div(s, 86400);
    int seconds = (int)((s % 86400 + 86400) % 86400);
    int64_t shifted = days + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = (int)(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
    int month = (5 * day_of_year + 2) / 153;
    d.day = day_of_year - (153 * month + 2) / 5 + 1;
    d.month = month < 10 ? month + 3 : month - 9;
    d.year = year_of_era + era * 400 + (d.month <= 2);
    d.weekday = weekday_of(days);
    d.hour = seconds / 3600;
    d.minute = seconds / 60 % 60;
    d.second = seconds % 60;
    return d;
}

static int days_in_month(int64_t year, int month)
{
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 ? 28 + leap : 30 + ((month + month / 8) & 1);
}

static int64_t seconds_of(const struct date *d)
{
    int in_day = d->hour * 3600 + d->minute * 60 + d->second;
    return days_of(d->year, d->month, d->day) * 86400 + in_day;
}

/* ---- reading ---- */

/* Length of the day name at s, long or cut to three letters, as asked for; 0 if there is none. */
static size_t read_weekday(const char *s, size_t len, bool full, int *weekday)
{
    for (int i = 0; i < 7; i++) {
        size_t n = full ? strlen(day_names[i]) : 3;
        if (len >= n && memcmp(s, day_names[i], n) == 0) {
            *weekday = i;
            return n;
        }
    }
    return 0;
}

static bool read_month(const char *s, int *month)
{
    for (*month = 1; *month <= 12; ++*month)
        if (memcmp(s, month_names[*month - 1], 3) == 0)
            return true;
    return false;
}

static bool add_digit(char c, int *number)
{
    if (c < '0' || c > '9')
        return false;
    *number = *number * 10 + (c - '0');
    return true;
}

/* D is a digit of the day or a blank before it; the other letters y, d, h, m, s are digits, b
 * (three times) a month's name. */
static bool read_pattern(const char *s, size_t len, const char *pattern, struct date *d)
{
    int year = 0;
    if (len != strlen(pattern))
        return false;
    d->day = d->hour = d->minute = d->second = 0;
    for (size_t i = 0; i < len; i++) {
        bool fits;
        switch (pattern[i]) {
        case 'y':
            fits = add_digit(s[i], &year);
            break;
        case 'D':
            fits = s[i] == ' ' || add_digit(s[i], &d->day);
            break;
        case 'd':
            fits = add_digit(s[i], &d->day);
            break;
        case 'h':
            fits = add_digit(s[i], &d->hour);
            break;
        case 'm':
            fits = add_digit(s[i], &d->minute);
            break;
        case 's':
            fits = add_digit(s[i], &d->second);
            break;
        case 'b':
            fits = read_month(s + i, &d->month);
            i += 2;
            break;
        default:
            fits = s[i] == pattern[i];
        }
        if (!fits)
            return false;
    }
    d->year = year;
    return true;
}

/* The day exists in its month, the time in a day; a leap second only where one can be. */
static bool is_possible(const struct date *d)
{
    bool leap_second = d->hour == 23 && d->minute == 59 && d->second == 60;
    return d->day >= 1 && d->day <= days_in_month(d->year, d->month) && d->hour <= 23 &&
           d->minute <= 59 && (d->second <= 59 || leap_second);
}

/* 9110 5.6.7: what appears to be more than 50 years in the future is in the past. */
static void resolve_two_digit_year(struct date *d, int64_t now_s)
{
    struct date limit = date_of(now_s < FIRST_S ? FIRST_S : now_s > LAST_S ? LAST_S : now_s);
    limit.year += 50;
    int64_t latest = seconds_of(&limit);
    d->year += limit.year - limit.year % 100;
    if (seconds_of(d) > latest)
        d->year -= 100;
}

int httpdate_parse(const char *s, size_t len, int64_t now_s, int64_t *out_s)
{
    struct date d = { 0 };
    size_t n;
    bool ok = false;
    if ((n = read_weekday(s, len, true, &d.weekday)) > 0) {
        ok = read_pattern(s + n, len - n, ", dd-bbb-yy hh:mm:ss GMT", &d);
        if (ok)
            resolve_two_digit_year(&d, now_s);
    } else if ((n = read_weekday(s, len, false, &d.weekday)) > 0) {
        ok = read_pattern(s + n, len - n, ", dd bbb yyyy hh:mm:ss GMT", &d) ||
             read_pattern(s + n, len - n, " bbb Dd hh:mm:ss yyyy", &d);
    }
    if (!ok || !is_possible(&d) || weekday_of(days_of(d.year, d.month, d.day)) != d.weekday)
        return -1;
    *out_s = seconds_of(&d);
    return 0;
}

/* ---- writing ---- */

static char *put_text(char *p, const char *text, size_t len)
{
    memcpy(p, text, len);
    return p + len;
}

static char *put_two(char *p, int64_t value, char pad)
{
    p[0] = pad;
    if (value >= 10)
        p[0] = (char)('0' + value / 10);
    p[1] = (char)('0' + value % 10);
    return p + 2;
}

static char *put_time(char *p, const struct date *d)
{
    p = put_two(p, d->hour, '0');
    *p++ = ':';
    p = put_two(p, d->minute, '0');
    *p++ = ':';
    return put_two(p, d->second, '0');
}

size_t httpdate_write(enum httpdate_form form, int64_t s, char out[static 40])
{
    char *p = out;
    struct date d = date_of(s);
    const char *day = day_names[d.weekday], *month = month_names[d.month - 1];
    *p = '\0';
    if (s < FIRST_S || s > LAST_S)
        return 0;
    switch (form) {
    case HTTPDATE_IMF:
        p = put_text(put_text(p, day, 3), ", ", 2);
        p = put_text(put_two(p, d.day, '0'), " ", 1);
        p = put_text(put_text(p, month, 3), " ", 1);
        p = put_two(put_two(p, d.year / 100, '0'), d.year % 100, '0');
        p = put_time(put_text(p, " ", 1), &d);
        p = put_text(p, " GMT", 4);
        break;
    case HTTPDATE_RFC850:
        p = put_text(put_text(p, day, strlen(day)), ", ", 2);
        p = put_text(put_two(p, d.day, '0'), "-", 1);
        p = put_text(put_text(p, month, 3), "-", 1);
        p = put_two(p, d.year % 100, '0');
        p = put_time(put_text(p, " ", 1), &d);
        p = put_text(p, " GMT", 4);
        break;
    case HTTPDATE_ASCTIME:
        p = put_text(put_text(p, day, 3), " ", 1);
        p = put_text(put_text(p, month, 3), " ", 1);
        p = put_text(put_two(p, d.day, ' '), " ", 1);
        p = put_text(put_time(p, &d), " ", 1);
        p = put_two(put_two(p, d.year / 100, '0'), d.year % 100, '0');
        break;
    }
    *p = '\0';
    return (size_t)(p - out);
}

/* ---- Retry-After ---- */

int retry_after_parse(const char *s, size_t len, int64_t now_s, double *wait_s, int64_t *at_s)
{
    int64_t delay = 0;
    size_t i = 0;
    for (; i < len && s[i] >= '0' && s[i] <= '9'; i++) {
        int digit = s[i] - '0';
        delay = delay > (INT64_MAX - digit) / 10 ? INT64_MAX : delay * 10 + digit;
    }
    if (i > 0 && i == len) {
        *wait_s = (double)delay;
        *at_s = -1;
        return 0;
    }
    if (httpdate_parse(s, len, now_s, at_s) < 0)
        return -1;
    *wait_s = (double)*at_s - (double)now_s;
    if (*at_s < 0)
        *at_s = 0;
    return 0;
}
