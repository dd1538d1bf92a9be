import type { Command } from "../command.ts";
import { LOCK_OPTIONS_HELP } from "../lock-options.ts";
import { OPERATE_OPTIONS_HELP } from "../operate-options.ts";

const HELP = `Serves a composed core over MCP on Node.

Usage: tenon serve [core.wasm | tenon.json | oci://…] [--port 3000] [--host 127.0.0.1] [--stdio] [--kv memory]

      --port <number>   TCP port, 0 for any free one (default: 3000; environment: PORT, TENON_PORT)
      --host <address>  address to listen on (default: 127.0.0.1; environment: TENON_HOST)
      --stdio           speak MCP on stdin and stdout instead of HTTP; the credential, if any, is in TENON_AUTHORIZATION
      --kv <store>      where granted keys are kept: memory, file:<path>, or redis://user:password@host:6379/0 (rediss://
                        for TLS) for several servers (default: memory; TENON_KV); tasks as well, but not in Redis
      --state-key <source>
                        env:NAME or file:<path> with keys that seal what clients carry (default: TENON_STATE_KEY, else random)
      --audit-log <file>, --audit-key <source>
                        append every log line to this file, chained by hashes, signed by the key (env:NAME or file:<path>)
                        if there is one (default: TENON_AUDIT_LOG, TENON_AUDIT_KEY); keys are 32 bytes in base64 or hex
      --sessions        keep a session for each client before 2026-07-28: it hears of changes and is remembered
      --allow-origin <origin>, --allow-host <host>
                        who may call: web pages of https://app.example; a host name beside its own address; repeatable
      --public-url <url>
                        where clients reach the server, such as https://mcp.example/mcp; its host is allowed
      --trust-proxy <range>
                        proxy whose Forwarded or X-Forwarded-For is believed: address, 10.0.0.0/8 or loopback; repeatable
      --limits <file>   JSON file with limits that are not to be the defaults (environment: TENON_LIMITS)
      --isolation <mode>  whose calls share an instance: credential (default), call, shared, or process (one per credential)
      --task-deadline <seconds>  time that a call which became a task may take, 1 to 86400 (default: 900)
${OPERATE_OPTIONS_HELP}
${LOCK_OPTIONS_HELP}

--sessions and the options after it can be set as TENON_SESSIONS=1, TENON_ALLOW_ORIGIN=a,b and so on. Granted configuration
is read from TENON_CONFIG_<KEY>, granted secrets from TENON_SECRET_<NAME>: upper case, with _ for - and . of the name.

A tenon.json (the default) is composed first. Logs go to stderr. SIGINT and SIGTERM end it once the calls in flight are
answered, a second one at once. SIGHUP serves the core anew; one that does not start leaves the old one in place.

Examples:
  tenon serve                         # http://127.0.0.1:3000/mcp from ./tenon.json
  tenon serve core.wasm --port 0      # prints the port it took
  tenon serve core.wasm --stdio       # as the command of a local MCP server
`;

/** `tenon serve`: the Node host. */
export const serve: Command = {
  help: HELP,
  async run(argv) {
    const { runServer } = await import("../run-server.ts");
    return await runServer(argv);
  },
};
