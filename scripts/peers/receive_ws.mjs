#!/usr/bin/env node
// A receiver with npm `ws`.

import { createRequire } from "node:module";

// `import` does not look into NODE_PATH.
const require = createRequire(import.meta.url);
const { WebSocketServer } = require("ws");

// How long the last client may take to leave: it may wait for a Pong.
const LAST_WORD = 5000;

if (process.argv.length !== 4) {
  console.error("usage: receive_ws.mjs PORT N");
  process.exit(1);
}
const [port, wanted] = process.argv.slice(2).map(Number);
const seen = new Set();
let received = 0, repeated = 0, disordered = 0;
let least = Infinity, greatest = -1;

const server = new WebSocketServer({ host: "127.0.0.1", port });
server.on("listening", () => console.log(`ws://127.0.0.1:${server.address().port}/`));
server.on("connection", (client) => {
  let previous = -1;
  client.on("message", (data) => {
    const number = JSON.parse(data).t;
    received += 1;
    const late = !seen.has(number) && number < greatest;
    if (late || number < previous) disordered += 1;
    if (seen.has(number)) repeated += 1;
    seen.add(number);
    least = Math.min(least, number);
    greatest = Math.max(greatest, number);
    previous = number;
    if (seen.size === wanted) setTimeout(end, LAST_WORD).unref();
  });
  client.on("close", () => {
    if (seen.size >= wanted && server.clients.size === 0) end();
  });
  // A connection that breaks is closed too.
  client.on("error", () => {});
});

let ended = false;
function end() {
  if (ended) return;
  ended = true;
  const distinct = seen.size;
  const missing = distinct > 0 ? greatest - least + 1 - distinct : 0;
  const peer = `ws ${require("ws/package.json").version}`;
  const result = { peer, received, distinct, repeated, missing, disordered };
  process.stdout.write(JSON.stringify(result) + "\n", () => process.exit(0));
}
process.on("SIGTERM", end);
process.on("SIGINT", end);
