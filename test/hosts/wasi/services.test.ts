import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { logServices } from "../../../src/bundle/wat-component.ts";
import { transpileComponent, type HostFunctions } from "../../fixtures/transpile-component.ts";

interface Entry {
  level: string;
  source?: string;
  message: string;
  fields?: string;
}

interface Services {
  "tenon:host/log@0.1.0": { write: (entry: Entry) => void };
  "tenon:mcp/outbox@0.1.0": { notify: (message: string) => void; cancelled: () => boolean };
  "tenon:adapter/call@0.1.0": { begin: (authorization?: string) => void; finish: () => void };
  "tenon:host/credentials@0.1.0": { authorization: () => string | undefined };
}

interface Chunk {
  bytes: Uint8Array;
}

let instantiate: (imports: HostFunctions) => Services;
let services: Services;
let chunks: Chunk[] = [];
let time = new Date(0);
let broken = false;

class OutputStream {
  blockingWriteAndFlush(bytes: Uint8Array): void {
    if (broken) throw Object.assign(new Error("closed"), { payload: { tag: "closed" } });
    chunks.push({ bytes: bytes.slice() });
  }
}

beforeAll(async () => {
  ({ instantiate } = await transpileComponent<Services>(await logServices()));
});

beforeEach(() => {
  chunks = [];
  time = new Date(0);
  broken = false;
  services = instantiate({
    "tenon-wasi:cli/stderr": { getStderr: () => new OutputStream() },
    "tenon-wasi:clocks/wall-clock": {
      now: () => ({
        seconds: BigInt(Math.floor(time.getTime() / 1000)),
        nanoseconds: (time.getTime() % 1000) * 1_000_000,
      }),
    },
    "tenon-wasi:io/streams": { OutputStream },
    "tenon-wasi:io/error": { Error },
  });
});

function written(): string {
  return Buffer.concat(chunks.map(({ bytes }) => bytes)).toString("utf8");
}

function write(entry: Partial<Entry>): string {
  chunks = [];
  services["tenon:host/log@0.1.0"].write({ level: "info", message: "", ...entry });
  return written();
}

function parse(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}

describe("tenon:host/log of the services", () => {
  test("write() makes one line of JSON with every member", () => {
    time = new Date("2026-11-20T13:00:00.007Z");
    expect(
      write({ level: "emergency", source: "part", message: "text", fields: '{"a":[1,{"b":"}]"}]}' }),
    ).toBe(
      '{"time":"2026-11-20T13:00:00.007Z","level":"emergency","source":"part","message":"text","fields":{"a":[1,{"b":"}]"}]}}\n',
    );
    expect(write({})).toBe('{"time":"2026-11-20T13:00:00.007Z","level":"info","message":""}\n');
  });

  test.each(["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"])(
    "write() names the level %s",
    (level) => {
      expect(parse(write({ level }))["level"]).toBe(level);
    },
  );

  test.each([
    "1970-01-01T00:00:00.000Z",
    "1999-12-31T23:59:59.999Z",
    "2000-02-29T12:00:00.000Z",
    "2000-03-01T00:00:00.000Z",
    "2024-02-29T23:59:59.001Z",
    "2025-02-28T23:59:59.500Z",
    "2100-03-01T00:00:00.000Z",
    "2399-12-31T00:00:00.000Z",
  ])("write() writes the time %s", (text) => {
    time = new Date(text);
    expect(parse(write({}))["time"]).toBe(text);
  });

  test("write() escapes what would end the line or what a terminal acts on", () => {
    const message = '"\\\n\r\u001b\u007f\u009b\u2028\u202e\u2066 é€😀';
    const line = write({ message, source: message });
    expect(parse(line)).toMatchObject({ message, source: message });
    // oxlint-disable-next-line no-control-regex
    expect(line.slice(0, -1)).not.toMatch(/[\0-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
    expect(line).toContain("é€😀");
  });

  test.each([
    '{"a":1},"source":"other"',
    '{"a":1}}',
    '{"a":"}',
    '{"a":"\\"}',
    '{"a":"\n"}',
    '{"a":"\u009b"}',
    "{",
    "[]",
    "null",
    "",
  ])("write() keeps fields that are not one object as text: %j", (fields) => {
    expect(parse(write({ fields }))).toEqual({ time: expect.anything(), level: "info", message: "", fields });
  });

  test("write() cuts long members between characters", () => {
    const line = parse(
      write({ source: "s".repeat(1000), message: "é".repeat(100_000), fields: `{${" ".repeat(40_000)}}` }),
    );
    expect(line["source"]).toMatch(/^s{251}$/);
    expect(line["message"]).toMatch(/^é{8190}$/);
    expect(line["fields"]).toMatch(/^\{ {32762}$/);
  });

  test("write() passes at most 4,096 bytes at a time", () => {
    const line = write({ message: "x".repeat(10_000) });
    expect(line.endsWith('"}\n')).toBe(true);
    expect(chunks.map(({ bytes }) => bytes.length)).toEqual([4096, 4096, line.length - 8192]);
  });

  test("write() drops lines over 64 KiB a call, and finish() counts them and starts anew", () => {
    const sizes = Array.from({ length: 6 }, () => write({ message: "x".repeat(16_000) }).length);
    expect(sizes.map((size) => size > 0)).toEqual([true, true, true, true, false, false]);
    expect(write({ message: "short" })).toBe("");
    chunks = [];
    services["tenon:adapter/call@0.1.0"].finish();
    expect(parse(written())).toEqual({
      time: expect.anything(),
      level: "warning",
      source: "host",
      message: "Log lines dropped: 3",
    });
    expect(write({ message: "short" })).not.toBe("");
    chunks = [];
    services["tenon:adapter/call@0.1.0"].finish();
    expect(written()).toBe("");
  });

  test("write() survives a closed standard error", () => {
    broken = true;
    expect(write({ message: "lost" })).toBe("");
    broken = false;
    expect(write({ message: "kept" })).toContain("kept");
  });

  test("write() forgets what earlier lines were made of", () => {
    for (let i = 0; i < 300; i++) {
      services["tenon:host/log@0.1.0"].write({ level: "info", message: "x".repeat(1_000_000) });
    }
    services["tenon:adapter/call@0.1.0"].finish();
    expect(write({ message: "still here" })).toContain("still here");
  });
});

describe("tenon:host/credentials of the services", () => {
  test("authorization() gives the credential of the call in flight, whatever else arrives", () => {
    const { begin, finish } = services["tenon:adapter/call@0.1.0"];
    const { authorization } = services["tenon:host/credentials@0.1.0"];
    expect(authorization()).toBeUndefined();
    for (const credential of ["Bearer é1", undefined, "", "Bearer 2"]) {
      begin(credential);
      for (let i = 0; i < 3; i++) write({ message: "x".repeat(1000 * i) });
      services["tenon:mcp/outbox@0.1.0"].notify("y".repeat(2000));
      expect(authorization()).toBe(credential);
      finish();
      write({ message: "z" });
      expect(authorization()).toBeUndefined();
    }
  });
});

describe("tenon:mcp/outbox of the services", () => {
  test("notify() drops the message and cancelled() is false", () => {
    services["tenon:mcp/outbox@0.1.0"].notify('{"jsonrpc":"2.0","method":"notifications/progress"}');
    expect(written()).toBe("");
    expect(services["tenon:mcp/outbox@0.1.0"].cancelled()).toBe(false);
  });
});
