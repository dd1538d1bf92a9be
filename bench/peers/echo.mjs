// JSON on node:http and nothing else: what a request costs before any toolkit is involved. It needs no package.
import { createServer } from "node:http";

const { PORT = "3000", TOOLS = "1" } = process.env;
const inputSchema = {
  type: "object",
  properties: {
    a: { type: "number", description: "first addend" },
    b: { type: "number", description: "second addend" },
  },
  required: ["a", "b"],
};
const names = ["add", ...Array.from({ length: Number(TOOLS) - 1 }, (_, i) => `tool_${i + 1}`)];
const description = (name) => `${name}: adds two numbers and returns the sum as text`;
// The list is written once, as a server does that knows its list.
const list = JSON.stringify({
  tools: names.map((name) => ({ name, description: description(name), inputSchema })),
});

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    const { id, method, params } = JSON.parse(body);
    const reply = `{"jsonrpc":"2.0","id":${JSON.stringify(id ?? null)},"result":${method === "tools/list" ? list : call(params)}}`;
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(reply),
    });
    response.end(reply);
  });
});
server.listen(Number(PORT), "127.0.0.1");

function call(params) {
  const { a = 0, b = 0 } = params?.arguments ?? {};
  return JSON.stringify({ content: [{ type: "text", text: String(a + b) }] });
}
