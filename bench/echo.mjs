// A bare JSON echo on node:http: what a request costs before any toolkit is involved.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => {
    const { id, params } = JSON.parse(body);
    const { a = 0, b = 0 } = params?.arguments ?? {};
    const result = { content: [{ type: "text", text: String(a + b) }] };
    const reply = JSON.stringify({ jsonrpc: "2.0", id: id ?? null, result });
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(reply),
    });
    response.end(reply);
  });
});
server.listen(Number(process.env.PORT), "127.0.0.1");
