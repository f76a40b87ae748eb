// The ledger of an article: its claims, as the acts word them, and who takes which stance toward each.

import { colour, element } from "./text.js";

const WRITER = "nobody named";

/** Group a document's acts by their claim's words, in the order of the article. */
export function claims({ sentences }) {
  const found = new Map();
  sentences.forEach((sentence, index) => {
    for (const act of sentence.acts ?? []) {
      if (!act.claim) continue;
      const key = bare(act.claim.text);
      if (!found.has(key)) found.set(key, { title: act.claim.text, stances: new Map() });
      const { stances } = found.get(key);
      if (!stances.has(act.stance)) stances.set(act.stance, []);
      stances.get(act.stance).push({ who: (act.named ?? act.source)?.text ?? WRITER, index });
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
    element("dd", "", ...sources.map(({ who, index }) => source(who, index, go))),
  ]);
  return element("dl", "", ...rows);
}

function source(who, index, go) {
  const made = element("button", "", who);
  made.type = "button";
  made.title = `Go to sentence ${index + 1}`;
  made.addEventListener("click", () => go(index));
  return made;
}
