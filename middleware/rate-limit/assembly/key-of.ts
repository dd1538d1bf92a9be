import { sha256 } from "../../assembly/host";
import { isObject, member, stringOf } from "../../assembly/json";
import { remember, remembered } from "../../assembly/remembered";
import { ABSENT, includes, Text } from "../../assembly/text";
import { begin, put, putAscii, putByte, putString, written } from "../../assembly/writer";
import { Limit } from "./limit";
import { putNetwork } from "./network";

/**
 * Names the budget of a limit that a caller spends from. Limits that differ in anything share none. It says nothing of who the
 * caller is, and is a digest of what is known for certain alone: whoever could choose it would have any number of budgets.
 *
 * @param context Of the request, as JSON.
 * @param tool `ABSENT` for what is no tool of the composition.
 */
export function keyOf(prefix: Text, limit: Limit, context: Text, tool: Text): Text {
  begin();
  put(limit.head);
  if (limit.byPeer) {
    putAscii('["peer",');
    const peer = stringOf(member(context, "peer"));
    if (peer == ABSENT) putAscii("null");
    else putNetwork(peer);
    putByte(0x5d);
  }
  if (limit.byPrincipal) {
    if (limit.byPeer) putByte(0x2c);
    putAscii('["principal",');
    putPrincipal(member(context, "principal"));
    putByte(0x5d);
  }
  if (limit.byTool) {
    if (limit.byPeer || limit.byPrincipal) putByte(0x2c);
    putAscii('["tool",');
    if (tool == ABSENT) putAscii("null");
    else putString(tool);
    putByte(0x5d);
  }
  putAscii("]]");
  const digest = digestOf(written());
  begin();
  put(prefix);
  put(digest);
  return written();
}

function putPrincipal(principal: Text): void {
  if (!isObject(principal)) {
    putAscii("null");
    return;
  }
  putByte(0x5b);
  putJsonString(member(principal, "issuer"));
  putByte(0x2c);
  putJsonString(member(principal, "subject"));
  putByte(0x5d);
}

/** As `JSON.stringify` writes it. Halves of surrogate pairs, which a text cannot hold, stay the escapes they are. */
function putJsonString(value: Text): void {
  const text = stringOf(value);
  if (text == ABSENT) putAscii("null");
  else if (includes(value, "\\ud")) put(value);
  else putString(text);
}

/** Digests are remembered by what they are of: the same callers come again. */
function digestOf(text: Text): Text {
  const known = remembered(text);
  if (known != ABSENT) return known;
  const digest = sha256(text);
  remember(text, digest);
  return digest;
}
