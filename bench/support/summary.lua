-- What wrk has counted, as one line of JSON: the rest of its output is rounded for people.
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('summary {"requests":%d,"bytes":%d,"microseconds":%d,"errors":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.bytes, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
