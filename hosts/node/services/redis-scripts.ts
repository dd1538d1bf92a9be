// What the store does inside Redis, each in one step that nothing comes between. A key is a string of its own, its version
// and its value with a space between, which Redis lets expire. All keys are members of one sorted set, in the order of
// their bytes, for lists; those that expire are in another one by their time, from which both are cleaned.

/** Expired keys that a write takes out of the sorted sets: more than it adds. */
const SWEPT_BY_WRITE = 10;
/** The same of a list, which is asked for again until none is left. */
const SWEPT_BY_LIST = 1000;

const CLOCK = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call("TIME")
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local index, expiries = KEYS[1], KEYS[2]
local function sweep(most)
  local expired = redis.call("ZRANGEBYSCORE", expiries, "-inf", now, "LIMIT", 0, most)
  for _, name in ipairs(expired) do
    redis.call("DEL", ARGV[2] .. name)
    redis.call("ZREM", index, name)
    redis.call("ZREM", expiries, name)
  end
  return #expired
end
`;

const KEY = `${CLOCK}
local name = ARGV[3]
local at = ARGV[2] .. name
local function read()
  local expiry = redis.call("ZSCORE", expiries, name)
  if expiry and tonumber(expiry) <= now then return false end
  return redis.call("GET", at)
end
local function write(version, value, seconds)
  sweep(${SWEPT_BY_WRITE})
  if seconds == "" then
    redis.call("SET", at, version .. " " .. value)
    redis.call("ZREM", expiries, name)
  else
    redis.call("SET", at, version .. " " .. value, "PX", string.format("%.0f", seconds * 1000))
    redis.call("ZADD", expiries, string.format("%.0f", now + seconds * 1000), name)
  end
  redis.call("ZADD", index, 0, name)
end
`;

/** A script takes the two sorted sets, the time or "", what keys of values start with, and what its comment says. */
export const SCRIPTS = {
  /** The key. Gives its record, or nothing. */
  tenonGet: `${KEY} return read()`,
  /** The key, the new version, the value, and seconds or "". */
  tenonSet: `${KEY} write(ARGV[4], ARGV[5], ARGV[6])`,
  /** The key. */
  tenonDelete: `${KEY}
redis.call("DEL", at)
redis.call("ZREM", index, name)
redis.call("ZREM", expiries, name)`,
  /** As `tenonSet`, and the expected version after "=", or "" for none. Gives 1 when it was written, else 0. */
  tenonSwap: `${KEY}
local record = read()
if (record and "=" .. string.match(record, "^(%S*) ") or "") ~= ARGV[7] then return 0 end
write(ARGV[4], ARGV[5], ARGV[6])
return 1`,
  /** The key, the new version, the delta, and seconds or "". Gives the sum; "value" or "sum" when that is no safe integer. */
  tenonIncrement: `${KEY}
local record = read()
local value = record and string.match(record, "^%S* (.*)$") or "0"
if value ~= "0" and (#value > 17 or not string.match(value, "^%-?[1-9]%d*$")) then return "value" end
if math.abs(tonumber(value)) > 9007199254740991 then return "value" end
local sum = tonumber(value) + tonumber(ARGV[5])
if math.abs(sum) > 9007199254740991 then return "sum" end
local text = string.format("%.0f", sum)
if record then
  redis.call("SET", at, ARGV[4] .. " " .. text, "KEEPTTL")
else
  write(ARGV[4], text, ARGV[6])
end
return text`,
  /** Where to start and end, as ZRANGEBYLEX has it, and how many. Gives the keys, or nothing: then it is to be asked again. */
  tenonList: `${CLOCK}
if sweep(${SWEPT_BY_LIST}) == ${SWEPT_BY_LIST} then return false end
return redis.call("ZRANGEBYLEX", index, ARGV[3], ARGV[4], "LIMIT", 0, ARGV[5])`,
} as const;
