// The ledger of an article: its claims, as the acts word them, and who takes which stance toward each.

import { colour, element } from "./text.js";

const WRITER = "nobody named";

/** Group a document's acts by their claim's words, in the order of the article: per stance the sources, and where. */
export function claims({ sentences }) {
  const found = new Map();
  sentences.forEach((sentence, index) => {
    for (const act of sentence.acts ?? []) {
      if (!act.claim) continue;
      const key = bare(act.claim.text);
      if (!found.has(key)) found.set(key, { title: act.claim.text, stances: new Map() });
      const { stances } = found.get(key);
      if (!stances.has(act.stance)) stances.set(act.stance, new Map());
      const sources = stances.get(act.stance);
      const who = (act.named ?? act.source)?.text ?? WRITER;
      sources.set(who, [...(sources.get(who) ?? []), index]);
    }
  });
  return [...found.values()];
}

const bare = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").replace(/^ ?(the|a|an|that) /, "").trim();

/** Draw claims; a source is a button that goes to its sentence. */
export function draw(target, list, go) {
  target.append(...list.map((claim) => element("li", "", element("h3", "", claim.title), stances(claim, go))));
}

function stances(claim, go) {
  const rows = [...claim.stances].flatMap(([stance, sources]) => [
    element("dt", colour(stance), stance),
    element("dd", "", ...[...sources].flatMap(([who, places], number) => [number ? ", " : "", source(who, places, go)])),
  ]);
  return element("dl", "", ...rows);
}

function source(who, places, go) {
  const made = element("button", "", places.length > 1 ? `${who} (${places.length} times)` : who);
  made.type = "button";
  made.title = `Go to sentence ${places[0] + 1}`;
  made.addEventListener("click", () => go(places[0]));
  return made;
}
