-- wrk -s wrk.lua URL -- TARGET: asks the server at URL for TARGET in absolute-form, as one asks a
-- proxy, and prints one line of JSON with what came of it.

function init(args)
    wrk.path = args[1]
    wrk.headers["Host"] = args[1]:match("^http://([^/]+)")
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.6f,"octets":%d,"not_2xx":%d,"broken":%d,"p50_us":%.0f,"p99_us":%.0f}\n',
        summary.requests, summary.duration / 1e6, summary.bytes, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
