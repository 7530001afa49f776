// Shows that the schema of pipeline files works in editors, with the language server that they use:
//   node scripts/editor.mjs target/debug/faucet
// The script installs yaml-language-server from the npm registry into a temporary folder, or uses the
// folder that the variable YAML_LANGUAGE_SERVER names.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const VERSION = "1.25.0";
const faucet = process.argv[2];
if (!faucet) {
  console.error("usage: node scripts/editor.mjs PATH_TO_FAUCET");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "faucet-editor-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function installed() {
  const given = process.env.YAML_LANGUAGE_SERVER;
  if (given) return given;
  const npm = ["install", "--silent", "--no-audit", "--prefix", folder];
  execFileSync("npm", [...npm, `yaml-language-server@${VERSION}`], { stdio: "inherit" });
  return join(folder, "node_modules", "yaml-language-server");
}

// A client of the language server protocol over stdin and stdout.
class Client {
  constructor(server) {
    this.child = spawn(process.execPath, [join(server, "bin", "yaml-language-server"), "--stdio"]);
    this.child.stderr.pipe(process.stderr);
    this.bytes = Buffer.alloc(0);
    this.waiting = new Map();
    this.diagnostics = new Map();
    this.nextId = 1;
    this.child.stdout.on("data", (data) => {
      this.bytes = Buffer.concat([this.bytes, data]);
      for (let message; (message = this.take()); ) this.handle(message);
    });
  }

  take() {
    const end = this.bytes.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const length = Number(/Content-Length: (\d+)/i.exec(this.bytes.subarray(0, end).toString())[1]);
    if (this.bytes.length < end + 4 + length) return undefined;
    const text = this.bytes.subarray(end + 4, end + 4 + length).toString();
    this.bytes = this.bytes.subarray(end + 4 + length);
    return JSON.parse(text);
  }

  handle(message) {
    if (message.method === "textDocument/publishDiagnostics") {
      const { uri, diagnostics } = message.params;
      this.diagnostics.get(uri)?.(diagnostics);
    } else if (message.method && message.id !== undefined) {
      // The server asks for its settings.
      const items = message.params?.items ?? [];
      this.write({ id: message.id, result: items.map(() => null) });
    } else if (this.waiting.has(message.id)) {
      this.waiting.get(message.id)(message.result);
      this.waiting.delete(message.id);
    }
  }

  write(message) {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  notify(method, params) {
    this.write({ method, params });
  }

  request(method, params) {
    const id = this.nextId++;
    this.write({ id, method, params });
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  // Opens a file and returns the diagnostics that the server reports for it.
  open(uri, text) {
    const found = new Promise((resolve) => this.diagnostics.set(uri, resolve));
    const textDocument = { uri, languageId: "yaml", version: 1, text };
    this.notify("textDocument/didOpen", { textDocument });
    return found;
  }

  stop() {
    this.child.kill();
  }
}

const server = installed();
const schema = execFileSync(faucet, ["schema"]).toString();
const schemaFile = join(folder, "faucet.schema.json");
writeFileSync(schemaFile, schema);
const client = new Client(server);
await client.request("initialize", {
  processId: process.pid,
  rootUri: pathToFileURL(folder).href,
  capabilities: {
    textDocument: {
      completion: { completionItem: { snippetSupport: true } },
      hover: { contentFormat: ["markdown"] },
    },
  },
});
client.notify("initialized", {});
client.notify("workspace/didChangeConfiguration", {
  settings: { yaml: { validate: true, hover: true, completion: true, schemaStore: { enable: false } } },
});

let count = 0;
let failed = 0;

// Opens `lines`, in which `|` is the cursor. The first line names the schema.
async function opened(lines) {
  const file = join(folder, `pipeline-${count++}.yaml`);
  const text = `# yaml-language-server: $schema=faucet.schema.json\n${lines.join("\n")}\n`;
  const at = text.indexOf("|");
  const before = text.slice(0, Math.max(at, 0)).split("\n");
  const position = { line: before.length - 1, character: before.at(-1).length };
  const uri = pathToFileURL(file).href;
  const plain = text.replace("|", "");
  writeFileSync(file, plain);
  const diagnostics = await client.open(uri, plain);
  return { textDocument: { uri }, position, diagnostics, plain };
}

function check(name, wrong) {
  console.log(`${wrong ? "FAILED" : "ok    "} ${name}${wrong ? `: ${wrong}` : ""}`);
  if (wrong) failed += 1;
}

async function offers(name, lines, expected) {
  const { textDocument, position } = await opened(lines);
  const result = await client.request("textDocument/completion", { textDocument, position });
  const labels = (result?.items ?? result ?? []).map((item) => item.label);
  const missing = expected.filter((label) => !labels.includes(label));
  check(`${name} (${expected.length} offered)`, missing.length && `missing ${missing}; offered ${labels}`);
}

async function shows(name, lines, expected) {
  const { textDocument, position } = await opened(lines);
  const result = await client.request("textDocument/hover", { textDocument, position });
  const text = (result?.contents?.value ?? "").replace(/\\/g, "").replace(/\s+/g, " ");
  check(name, !text.includes(expected.replace(/\s+/g, " ")) && `shown: ${text || "nothing"}`);
}

async function marks(name, lines, expected) {
  const { diagnostics, plain } = await opened(lines);
  const rows = plain.split("\n");
  const found = diagnostics.map(({ range: { start, end }, message }) => {
    const what = rows[start.line].slice(start.character, start.line === end.line ? end.character : undefined);
    return `${what}: ${message}`;
  });
  const right = found.length === expected.length && expected.every((one, n) => found[n].startsWith(one));
  check(name, !right && `expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

const document = JSON.parse(schema);
const sourceKeys = Object.keys(document.$defs.source_websocket.properties);
const sinkKeys = Object.keys(document.$defs.sink_websocket.properties);
const about = (keys, key) => keys[key].description.split(/\n| \(|`/)[0];

await offers("all keys of the file", ["|"], Object.keys(document.properties).filter((k) => k !== "$schema"));
await offers("the kinds of sources", ["source:", "  type: |"], ["websocket", "jsonl"]);
await offers("`type` first", ["source:", "  |"], ["type"]);
for (const [kind, keys] of [["source", sourceKeys], ["sink", sinkKeys]]) {
  const rest = keys.filter((key) => key !== "type");
  await offers(`all keys of the websocket ${kind}`, [`${kind}:`, "  type: websocket", "  |"], rest);
}
const component = ["source:", "  type: websocket", "  url: ws://h/", "  unbounded: true"];
const sink = ["sink:", "  type: stdout"];
await offers("in a map of sources", ["sources:", "  a:", "    type: websocket", "    |"], ["url", "tls"]);
await offers("in a list of transforms", [...component, "transform:", "  - type: pick", "    |"], ["keep", "rename"]);
await offers("inside auth", [...component, "  auth:", "    |"], ["type"]);
await offers("kinds of auth", [...component, "  auth:", "    type: |"], ["none", "bearer", "basic", "custom"]);
await offers("inside a kind of auth", [...component, "  auth:", "    type: bearer", "    |"], ["config"]);
await offers("inside config", [...component, "  auth:", "    type: bearer", "    config:", "      |"], ["token"]);
await offers("inside tls", [...component, "  tls:", "    |"], ["ca_file", "insecure_skip_verify"]);
await offers("words", [...component, "  message_format: |"], ["json", "raw_string", "binary"]);
await offers("inside buffer", ["sink:", "  type: stdout", "  buffer:", "    |"], ["pages", "bytes", "when_full", "key"]);

const source = document.$defs.source_websocket.properties;
for (const [key, value] of [
  ["url", "ws://h/"], ["ping_interval", "20s"], ["message_format", "json"], ["reconnect", "true"],
  ["batch_bytes", "1MiB"], ["max_messages", "5"], ["proxy", "env"], ["idle_resets_on", "any"],
  ["invalid_utf8", "skip"], ["compression", "deflate"], ["tls", "{}"], ["auth", "{ type: none }"],
]) {
  const lines = ["source:", "  type: websocket", `  ${key.slice(0, 2)}|${key.slice(2)}: ${value}`];
  await shows(`the text of ${key}`, lines, about(source, key));
}
await shows("the text of type", ["source:", "  ty|pe: websocket"], about(source, "type"));
await shows("the text of flush", ["fl|ush:", "  interval: 5"], about(document.properties, "flush"));
await shows("the text of source", ["sou|rce:", "  type: jsonl", "  path: x"], about(document.properties, "source"));
await shows("the text of transform", [...component, "trans|form: { type: dedup }"], about(document.properties, "transform"));
await shows("the text of buffer", [...component, "sink:", "  type: stdout", "  buf|fer: { pages: 5 }"], about(document.$defs.sink_stdout.properties, "buffer"));
await shows("the text of a connector", ["source:", "  type: json|l", "  path: x"], "Reads a file of JSON Lines");
await shows("the text of sources", ["sou|rces:", "  a: { type: jsonl, path: x }"], about(document.properties, "sources"));
await shows("the text of tls.ca_file", [...component, "  tls:", "    ca|_file: x"], "PEM file with certificate authorities");
await shows("the text of auth.type", [...component, "  auth:", "    ty|pe: none"], "It decides which keys");
await shows("the text of a word", [...component, "  message_format: raw|_string"], "A binary message must be UTF-8");

await marks("nothing in a good file", [...component, ...sink], []);
await marks("a typo of a key", [...component, "  reconect: true", ...sink], ["reconect: Property reconect is not allowed"]);
await marks("a typo of a key of the file", [...component, ...sink, "flsh: {}"], ["flsh: "]);
await marks("a typo inside tls", [...component, "  tls: { ca_fiel: x }", ...sink], ["ca_fiel: "]);
await marks("a typo inside auth", [...component, "  auth: { type: bearer, config: { tokn: x, token: t } }", ...sink], ["tokn: "]);
await marks("an unknown type", ["source:", "  type: websockets", ...sink], ["websockets: Value is not accepted"]);
await marks("an unknown word", [...component, "  message_format: jsn", ...sink], ["jsn: Value is not accepted"]);
await marks("no duration", [...component, "  ping_interval: 20 parsecs", ...sink], ["20 parsecs: "]);
await marks("no size", [...component, "  batch_bytes: 5 parsecs", ...sink], ["5 parsecs: "]);
await marks("too small a number", [...component, "  max_messages: 0", ...sink], ["0: "]);
await marks("a wrong url", ["source:", "  type: websocket", "  url: http://h/", "  unbounded: true", ...sink], ["http://h/: "]);
await marks("no end of the run", ["source:", "  type: websocket", "  url: ws://h/", ...sink], ["source: "]);
await marks("pong_timeout alone", [...component, "  pong_timeout: 5", ...sink], [""]);
await marks("no sink", component, [""]);
await marks("a key that is missing", [...sink, "source: { type: jsonl }"], [""]);
await marks("variables", ["source:", "  type: websocket", "  url: ${URL}", "  message_format: ${F}", "  ping_interval: ${P:-5s}", "  unbounded: true", "sink:", "  type: ${T}", "  anything: 5"], []);
await marks("sizes and durations", [...component, "  batch_bytes: 64MiB", "  ping_interval: 1h 30m", ...sink], []);

client.stop();
console.log(failed ? `${failed} failed` : "all as expected");
process.exit(failed ? 1 : 0);
