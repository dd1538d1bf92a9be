import { numberOf } from "../../assembly/number";
import { Entries, isArray, isObject, member, stringOf } from "../../assembly/json";
import { ABSENT, ascii, isSame, Text } from "../../assembly/text";
import { begin, put, putAscii, written } from "../../assembly/writer";

/** At most so many limits, as the schema of the settings has it. */
const MAX_LIMITS: i32 = 8;

/** One limit: what `limit` cost in every `windowMs`, and at most `burst` at once. */
export class Limit {
  limit: f64 = 0;
  windowMs: f64 = 0;
  burst: f64 = 0;
  byPeer: bool = false;
  byPrincipal: bool = false;
  byTool: bool = false;
  /** What a request costs that calls no tool with a cost of its own. */
  cost: f64 = 1;
  /** The costs of some tools; `ABSENT` where none has one of its own. */
  tools: Text = ABSENT;
  /** The methods that count; `ABSENT` where all do. */
  methods: Text = ABSENT;
  /** What a digest is made of, up to the caller. */
  head: Text = ABSENT;
  /** What clients and the audit log are told, up to the closing brace. */
  facts: Text = ABSENT;

  counts(method: Text): bool {
    return this.methods == ABSENT || names(this.methods, method);
  }

  costOf(tool: Text): f64 {
    if (tool == ABSENT || this.tools == ABSENT) return this.cost;
    let own = ABSENT;
    const costs = new Entries(this.tools);
    while (costs.next()) if (isSame(costs.key, tool)) own = costs.value;
    return own == ABSENT ? this.cost : numberOf(own);
  }
}

export const limits = new StaticArray<Limit | null>(MAX_LIMITS);
export let limitCount: i32 = 0;
/** Whether any limit asks which tool a request is for. */
export let asksForTool: bool = false;

/** Reads the limits of some settings, in order. */
export function readLimits(settings: Text): void {
  const several = member(settings, "limits");
  if (!isArray(several)) {
    addLimit(settings);
    return;
  }
  const each = new Entries(several);
  while (each.next()) addLimit(each.value);
}

function addLimit(settings: Text): void {
  const limit = new Limit();
  const amount = member(settings, "limit");
  const windowMs = member(settings, "windowMs");
  const burst = or(member(settings, "burst"), amount);
  const by = or(member(settings, "by"), ascii("[]"));
  const cost = or(member(settings, "cost"), ascii("1"));
  limit.limit = numberOf(amount);
  limit.windowMs = numberOf(windowMs);
  limit.burst = numberOf(burst);
  limit.byPeer = names(by, ascii("peer"));
  limit.byPrincipal = names(by, ascii("principal"));
  limit.byTool = names(by, ascii("tool"));
  if (isObject(cost)) {
    limit.tools = member(cost, "tools");
    limit.cost = numberOf(or(member(cost, "default"), ascii("1")));
  } else limit.cost = numberOf(cost);
  limit.methods = member(settings, "methods");
  // Settings are written by `JSON.stringify`, so their parts are.
  begin();
  putAscii("[[");
  put(amount);
  putAscii(",");
  put(windowMs);
  putAscii(",");
  put(burst);
  putAscii(",");
  put(cost);
  putAscii(",");
  put(or(limit.methods, ascii("[]")));
  putAscii("],[");
  limit.head = written();
  begin();
  putAscii('{"limit":');
  put(amount);
  putAscii(',"windowMs":');
  put(windowMs);
  putAscii(',"by":');
  put(by);
  limit.facts = written();
  asksForTool = asksForTool || limit.byTool || limit.tools != ABSENT;
  limits[limitCount++] = limit;
}

function or(value: Text, fallback: Text): Text {
  return value == ABSENT ? fallback : value;
}

/** Whether a text is in a list of texts. */
function names(list: Text, text: Text): bool {
  const items = new Entries(list);
  while (items.next()) if (isSame(stringOf(items.value), text)) return true;
  return false;
}
