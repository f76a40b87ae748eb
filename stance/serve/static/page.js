// The page: text in, a read article out.

import * as article from "./article.js";
import * as detail from "./detail.js";
import * as ledger from "./ledger.js";
import { copy, csv } from "./rows.js";
import { Strip } from "./strip.js";
import { colour, element } from "./text.js";

const LARGEST_FILE = 20_000_000;
const LONG_PASTE = 20_000; // from here on, browsers take seconds to paste by themselves
const CLAIMS = 60;
const $ = (id) => document.getElementById(id);

const state = { model: null, document: null, drawn: [], filters: new Set(), claims: [], key: "", request: null, current: 0 };
const strip = new Strip($("strip"), (index) => go(index, { focus: false }));

// Asking

async function read(text) {
  if (!text.trim()) return fail("There is no text to read yet: paste an article, or open a file.");
  state.request?.abort();
  const request = (state.request = new AbortController());
  busy(true, "Reading…");
  const start = performance.now();
  try {
    state.model ??= await ask("v1/model", { signal: request.signal });
    const { answer, claims } = await (state.model.acts ? withLedger : alone)(text, request.signal);
    if (state.request === request) present(answer, claims, (performance.now() - start) / 1000);
  } catch (error) {
    if (error.name !== "AbortError") fail(error.message);
  } finally {
    if (state.request === request) busy(false);
  }
}

/** The ledger comes with what was read for it: an article is read once. */
async function withLedger(text, signal) {
  const { articles, claims } = await post("v1/ledger", { articles: [{ text }], sentences: true }, signal);
  return { answer: { text, sentences: articles[0].sentences }, claims };
}

const alone = async (text, signal) => ({ answer: await post("v1/read", { text }, signal), claims: [] });

const post = (path, body, signal) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });

async function ask(path, { headers = {}, ...request }) {
  if (state.key) headers.Authorization = `Bearer ${state.key}`;
  let answer;
  try {
    answer = await fetch(path, { headers, ...request });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The service could not be reached. Is it still running?");
  }
  if (answer.ok) {
    $("keyring").hidden = true;
    return answer.json();
  }
  if (answer.status === 401) {
    $("keyring").hidden = false;
    $("key").focus();
    throw new Error(state.key ? "This key is not one of the service's." : "Enter a key to go on.");
  }
  throw new Error(await reason(answer));
}

async function reason(answer) {
  const { detail: said } = await answer.json().catch(() => ({}));
  const words = Array.isArray(said) ? said.map((one) => `${one.loc.slice(1).join(".")}: ${one.msg}`).join("; ") : said;
  return `The service answered ${answer.status}${words ? `: ${words}` : ""}.`;
}

function busy(on, message) {
  document.querySelector("main").setAttribute("aria-busy", on);
  $("read").disabled = on;
  if (!on) return;
  $("error").hidden = true;
  say(message);
}

function fail(message) {
  say("");
  $("error").textContent = message;
  $("error").hidden = false;
}

const say = (message) => ($("status").textContent = message);

// Showing

function present(answer, claims, seconds) {
  hide();
  Object.assign(state, { document: answer, drawn: article.draw($("article"), answer), filters: new Set(), current: 0 });
  strip.draw(answer);
  drawFilters(answer.sentences);
  drawLedger(claims);
  filter();
  $("entry").classList.add("folded");
  $("result").hidden = !answer.sentences.length;
  $("model").textContent = `Model: ${state.model.model}`;
  const count = answer.sentences.length;
  say(count ? `${count.toLocaleString("en")} ${count === 1 ? "sentence" : "sentences"}, read in ${seconds.toFixed(2)} s.` : "No sentence was found.");
  mark();
}

function drawFilters(sentences) {
  const counts = new Map(Object.keys(sentences[0]?.probabilities ?? {}).map((label) => [label, 0]));
  for (const { label } of sentences) counts.set(label, counts.get(label) + 1);
  const buttons = [...counts].map(([label, count]) => {
    const made = element("button", colour(label), label, element("b", "", count.toLocaleString("en")));
    made.type = "button";
    made.setAttribute("aria-pressed", "false");
    made.addEventListener("click", () => toggle(made, label));
    return made;
  });
  if (buttons.length) buttons.push(buttons.shift()); // sentences that take no stance come last
  $("filters").replaceChildren(...buttons);
}

function toggle(button, label) {
  const on = !state.filters.delete(label);
  if (on) state.filters.add(label);
  button.setAttribute("aria-pressed", on);
  filter();
}

function filter() {
  const shown = [...state.filters].map((label) => `show-${colour(label)}`);
  $("article").className = ["article", ...(shown.length ? ["filtered", ...shown] : [])].join(" ");
  strip.filter(state.filters);
}

function drawLedger(claims) {
  state.claims = claims;
  $("claims").replaceChildren();
  $("ledger-hint").textContent = claims.length
    ? "What is claimed, and who takes which stance toward it."
    : state.model.acts
      ? "No claim was found in this article."
      : "This model finds no acts, which ledgers are made of.";
  moreClaims();
}

function moreClaims() {
  const from = $("claims").childElementCount;
  ledger.draw($("claims"), state.claims.slice(from, from + CLAIMS), (start) => go(at(start), { focus: true }));
  $("more").hidden = from + CLAIMS >= state.claims.length;
}

// Moving

/** The number of the sentence that begins at a place of the text. */
const at = (start) => state.document.sentences.findIndex((sentence) => sentence.start === start);

function go(index, { focus }) {
  const target = state.drawn[index];
  if (!target) return;
  target.scrollIntoView({ block: "center" });
  choose(index);
  if (focus) target.focus({ preventScroll: true });
}

function choose(index) {
  const before = state.drawn[state.current];
  before.tabIndex = -1;
  before.classList.remove("current");
  state.current = index;
  state.drawn[index].tabIndex = 0;
  state.drawn[index].classList.add("current");
  strip.at(index);
}

/** Show on the strip which sentences are on the screen. */
function mark() {
  const { drawn } = state;
  if (!drawn.length || $("result").hidden) return;
  const top = document.querySelector(".bar").getBoundingClientRect().bottom;
  const first = search((element) => element.getBoundingClientRect().bottom > top);
  const last = search((element) => element.getBoundingClientRect().top > window.innerHeight) - 1;
  strip.show(Math.min(first, drawn.length - 1), Math.max(last, Math.min(first, drawn.length - 1)));
}

/** The number of the first sentence of which something is true that stays true after it. */
function search(isTrue) {
  let [low, high] = [0, state.drawn.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isTrue(state.drawn[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

// Detail

const under = (event) => event.target.closest?.(".s");

function reveal(target) {
  if (!target) return;
  hide();
  detail.show($("detail"), state.document.sentences[target.dataset.index], target);
  target.setAttribute("aria-describedby", "detail");
}

function hide() {
  $("detail").hidden = true;
  $("article").querySelector("[aria-describedby]")?.removeAttribute("aria-describedby");
}

// Where the keyboard scrolls the article under a pointer that rests, the pointer has pointed at nothing.
let resting = false;
document.addEventListener("keydown", () => (resting = true), true);
document.addEventListener("pointermove", (event) => {
  if (resting && under(event)) reveal(under(event));
  resting = false;
});

$("article").addEventListener("pointerover", (event) => resting || reveal(under(event)));
$("article").addEventListener("pointerleave", () => resting || hide());
$("article").addEventListener("pointerout", (event) => resting || (under(event) && !event.relatedTarget?.closest?.(".s") && hide()));
$("article").addEventListener("focusin", (event) => {
  const target = under(event);
  if (!target) return;
  choose(Number(target.dataset.index));
  reveal(target);
});
$("article").addEventListener("focusout", hide);
$("article").addEventListener("click", (event) => under(event)?.focus({ preventScroll: true }));
$("article").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  go(state.current + step, { focus: true });
});
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());

let waiting = false;
document.addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    mark();
  });
}, { passive: true });

// Text in

async function take(file) {
  if (!file) return;
  if (file.size > LARGEST_FILE) return fail(`${file.name} is too large: at most ${LARGEST_FILE / 1e6} MB can be read.`);
  const text = (await file.text()).replace(/^\ufeff/, "");
  if (text.includes("\0")) return fail(`${file.name} is not a text file: save it as plain text, and try again.`);
  $("text").value = text;
  await read(text);
  if (text.includes("\ufffd")) say(`${$("status").textContent} Some bytes of ${file.name} were not UTF-8, and were replaced.`);
}

$("entry").addEventListener("submit", (event) => {
  event.preventDefault();
  read($("text").value);
});
$("text").addEventListener("focus", () => $("entry").classList.remove("folded"));
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("entry").requestSubmit();
});
$("text").addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain");
  if (text.length < LONG_PASTE) return;
  event.preventDefault();
  $("text").setRangeText(text, $("text").selectionStart, $("text").selectionEnd, "end");
});
$("open").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  take($("file").files[0]);
  $("file").value = "";
});
$("example").addEventListener("click", async () => {
  const text = await fetch("demo.txt").then((answer) => answer.text());
  $("text").value = text;
  read(text);
});
$("keyring").addEventListener("submit", (event) => {
  event.preventDefault();
  state.key = $("key").value;
  read($("text").value);
});
$("more").addEventListener("click", moreClaims);

for (const [id, form] of Object.entries({ json: (answer) => JSON.stringify(answer, null, 2), csv })) {
  $(id).addEventListener("click", async () => {
    try {
      await copy(form(state.document));
      say(`Copied ${state.document.sentences.length.toLocaleString("en")} sentences as ${id.toUpperCase()}.`);
    } catch (error) {
      fail(`Nothing was copied: ${error.message}.`);
    }
  });
}

// Files that are dropped

let depth = 0;
const withFile = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragenter", (event) => {
  if (withFile(event)) $("drop").hidden = !++depth;
});
document.addEventListener("dragleave", (event) => {
  if (withFile(event)) $("drop").hidden = !(depth = Math.max(0, depth - 1));
});
document.addEventListener("dragover", (event) => withFile(event) && event.preventDefault());
document.addEventListener("drop", (event) => {
  if (!withFile(event)) return;
  event.preventDefault();
  depth = 0;
  $("drop").hidden = true;
  take(event.dataTransfer.files[0]);
});
