-- What wrk sends: the bodies of a file, one a line, round and round. Counts answers that hold GraphQL errors.
-- Usage: wrk ... -s load.lua URL -- BODIES

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  requests, place, wrong = {}, 0, 0
  for body in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
  end
end

function request()
  place = place % #requests + 1
  return requests[place]
end

function response(status, headers, body)
  if string.sub(body, 1, 8) ~= '{"data":' then
    wrong = wrong + 1
  end
end

function done(summary, latency)
  local count = 0
  for _, thread in ipairs(threads) do
    count = count + thread:get("wrong")
  end
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "wrong": %d, "broken": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status, count,
    errors.connect + errors.read + errors.write + errors.timeout))
end
