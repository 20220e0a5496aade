# shellcheck shell=bash
#
# For commands whose words say more than their exit status: sourced by their `run`.
#
# told STATUS: reads lines "STATUS EXPRESSION" from standard input. The last line of "$log" that fits one of the expressions is written to
# the standard error once more, so that the suite finds it at the end, and its STATUS becomes the exit status; the one given where none fits.
# The statuses from 101 on are the same in all profiles.

log=$(mktemp)
trap 'rm -f "$log"' EXIT

told() {
    awk -v status="$1" '
        NR == FNR { number[NR] = $1; sub(/^[0-9]+ /, ""); expression[NR] = $0; count = NR; next }
        { for (i = 1; i <= count; i++) if ($0 ~ expression[i]) { line = $0; status = number[i]; break } }
        END { if (line != "") print line; exit status }' - "$log" >&2
}
