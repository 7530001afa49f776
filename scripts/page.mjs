// Takes pictures of the page of `faucet run --serve` in Chromium, in the states that an operator meets.
//
//   cargo build --release --bin faucet
//   node --experimental-websocket scripts/page.mjs [DIRECTORY] [PATH OF faucet] [PATH OF chromium]
//
// The directory (docs/page) gets running.png, down.png, after-gap.png, phone.png and dark.png. The script fails
// where the page shows no chart, says something on the console, or takes what a peer said as markup.
import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [directory = "docs/page", faucet = "target/release/faucet", chromium = "chromium"] = process.argv.slice(2);
const files = mkdtempSync(join(tmpdir(), "faucet-page-"));
const started = [];
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/// A child, and a promise of the first match of `pattern` in what it says.
function start(command, args, pattern) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  let heard = "";
  const found = new Promise((done, failed) => {
    const hear = (data) => {
      heard += data;
      const match = heard.match(pattern);
      if (match) done(match[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", failed);
    child.on("exit", () => failed(new Error(`${command} ended: ${heard}`)));
  });
  return { child, found };
}

/// A page of Chromium: sends a command of its protocol, and keeps what the console says.
async function openPage(port, url) {
  const targets = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const socket = new WebSocket(targets.find((of) => of.type === "page").webSocketDebuggerUrl);
  await new Promise((done) => socket.addEventListener("open", done));
  const waiting = new Map(), said = [];
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if (message.id) waiting.get(message.id)(message);
    if (message.method === "Runtime.exceptionThrown") said.push(message.params.exceptionDetails.text);
    if (message.method === "Log.entryAdded" && message.params.entry.source !== "network") {
      said.push(message.params.entry.text);
    }
  });
  let id = 0;
  const send = (method, params = {}) => new Promise((done, failed) => {
    id += 1;
    waiting.set(id, (of) => (of.error ? failed(new Error(of.error.message)) : done(of.result)));
    socket.send(JSON.stringify({ id, method, params }));
  });
  for (const domain of ["Page", "Runtime", "Log"]) await send(`${domain}.enable`);
  await send("Page.navigate", { url });
  const value = async (expression) =>
    (await send("Runtime.evaluate", { expression, returnByValue: true })).result.value;
  return { send, value, said };
}

async function picture(page, name, { width = 1280, height = 860, dark = false } = {}) {
  const mobile = width < 600;
  await page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: mobile ? 2 : 1, mobile });
  const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
  await page.send("Emulation.setEmulatedMedia", { features });
  await sleep(1.5);
  const wide = await page.value("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  if (wide > 0) throw new Error(`${name}: the page is ${wide} pixels too wide`);
  const { data } = await page.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: mobile });
  writeFileSync(join(directory, `${name}.png`), Buffer.from(data, "base64"));
  console.log(`${name}.png`);
}

async function until(page, what, expression) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await page.value(expression)) return;
    await sleep(0.2);
  }
  throw new Error(`not seen: ${what}; the page says: ${await page.value("document.body.innerText")}`);
}

async function main() {
  mkdirSync(directory, { recursive: true });
  // The kind of thing that a peer may say.
  const markup = '{"note":"<img src=x onerror=document.title=\'hacked\'>","price":1.5}\n';
  writeFileSync(join(files, "recording.jsonl"), markup.repeat(50));
  const feed = (port) => start(faucet, ["feed", "--listen", `127.0.0.1:${port}`, "--rate", "900"], /ws:\/\/127\.0\.0\.1:(\d+)/);
  const second = start(faucet, ["feed", "--listen", "127.0.0.1:0", "--file", join(files, "recording.jsonl"), "--loop", "--speed", "1"], /ws:\/\/127\.0\.0\.1:(\d+)/);
  let first = feed(0);
  const [port, other] = [await first.found, await second.found];
  const source = (to) => ({ type: "websocket", url: `ws://127.0.0.1:${to}/`, reconnect: true, unbounded: true,
    reconnect_backoff: 0.5, ping_interval: 2, batch_timeout: 0.2 });
  writeFileSync(join(files, "markets.json"), JSON.stringify({
    sources: { trades: source(port), "news": source(other) },
    sinks: { all: { type: "jsonl", path: join(files, "out.jsonl"), from: ["trades", "news"] } },
  }));
  writeFileSync(join(files, "token"), "word\n");
  const run = start(faucet, ["run", join(files, "markets.json"), "--serve", "127.0.0.1:0",
    "--serve-token-file", join(files, "token")], /serving (http:\S+?)\/?\s/);
  const url = `${await run.found}/`;
  const browser = start(chromium, ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
    `--user-data-dir=${join(files, "chromium")}`, "about:blank"], /ws:\/\/127\.0\.0\.1:(\d+)/);
  const page = await openPage(await browser.found, url);
  const state = (word) => `[...document.querySelectorAll(".card .pill")].some((of) => of.textContent === "${word}")`;
  const asks = '!document.querySelector("#ask").hidden';
  for (const [word, right] of [["wrong", false], ["word", true]]) {
    await until(page, "the question for the token", asks);
    await page.value(`document.querySelector("#token").value = "${word}"`);
    await page.value('document.querySelector("#ask").requestSubmit()');
    await until(page, "the answer to the token", right ? `!(${asks})` : '!document.querySelector("#wrong").hidden');
  }
  await until(page, "a connected source", state("connected"));
  await page.value('document.querySelector("#records").open = true');
  await until(page, "a record as text", 'document.querySelector("#records").innerText.includes("onerror=")');
  await page.value('document.querySelector("#records").open = false');
  await sleep(40);
  await until(page, "a chart", 'document.querySelector("svg .rate").getAttribute("d").length > 100');
  await picture(page, "running");
  first.child.kill("SIGKILL");
  await until(page, "a lost connection", state("reconnecting"));
  await sleep(12);
  await picture(page, "down");
  first = feed(port);
  await until(page, "the connection again", `!${state("reconnecting")}`);
  await until(page, "a gap", 'document.querySelector("svg .gap") && document.querySelector("#gaps td")');
  await sleep(12);
  await picture(page, "after-gap");
  await picture(page, "dark", { dark: true });
  await picture(page, "phone", { width: 390, height: 844 });
  if (await page.value('document.title') !== "markets") throw new Error("markup of a peer was run");
  if (page.said.length) throw new Error(`the console says: ${page.said.join("; ")}`);
}

try {
  await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  started.forEach((child) => child.kill());
  await sleep(1);
  rmSync(files, { recursive: true, force: true });
  process.exit();
}
