// The ledger of an article: its claims, and who takes which stance toward each, as the service gathered them.

import { colour, element } from "./text.js";

const NOBODY = "nobody named";

/** Draw claims, as /v1/ledger gave them; a source is a button that goes to the place of its sentence. */
export function draw(target, list, go) {
  target.append(...list.map((claim) => element("li", "", element("h3", "", claim.title), stances(claim, go))));
}

function stances({ entries }, go) {
  const rows = [...places(entries)].flatMap(([stance, sources]) => [
    element("dt", colour(stance), stance),
    element("dd", "", ...[...sources].flatMap(([who, starts], number) => [number ? "; " : "", source(who, starts, go)])),
  ]);
  return element("dl", "", ...rows);
}

/** For each stance who takes it, and where their sentences begin. */
function places(entries) {
  const found = new Map();
  for (const { stance, who, start, copies } of entries) {
    if (!found.has(stance)) found.set(stance, new Map());
    const sources = found.get(stance);
    const name = who ?? NOBODY;
    if (!sources.has(name)) sources.set(name, []);
    sources.get(name).push(start, ...copies.map((copy) => copy.start));
  }
  return found;
}

function source(who, starts, go) {
  const made = element("button", "", starts.length > 1 ? `${who} (${starts.length} times)` : who);
  made.type = "button";
  made.title = "Go to the sentence";
  made.addEventListener("click", () => go(starts[0]));
  return made;
}
