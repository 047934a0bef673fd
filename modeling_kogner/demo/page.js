"use strict";
// Everything that comes from a text, a list or the graph enters the page as text, never as markup.

const EXAMPLES = [
  "Selegiline-induced postural hypotension in Parkinson's disease.",
  "Cisplatin killed HeLa cells, but not cells that carry a mutation of TP53.",
  "Cardiac sympathetic denervation in familial amyloid polyneuropathy was slowed by tafamidis.",
  "Patients with acute lymphoblastic leukemia (ALL) received methotrexate; ALL relapsed in three, and two had mucositis.",
];
const KINDS = 10; // colours of page.css
const $ = (id) => document.getElementById(id);
let about = { types: [] };
let drawn = null; // the concept and width of the picture, to draw it again when the window changes

function make(tag, fields = {}, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
}

async function ask(path, content) {
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

function say(message, isWrong = false) {
  $("status").textContent = message;
  $("status").classList.toggle("wrong", isWrong);
}

const kindOf = (type) => `kind${Math.max(about.types.indexOf(type), 0) % KINDS}`;

async function read() {
  hideTip();
  say("Reading …");
  try {
    const found = await ask("/read", { text: $("text").value, names: $("names").value });
    $("chosen").hidden = true;
    show(found);
    const added = found.added;
    say(added ? `In use: new concepts ${added.concepts}, written forms ${added.forms}.` : "");
  } catch (error) {
    say(error.message, true);
  }
}

function show(found) {
  const letters = Array.from(found.text); // offsets count characters, JavaScript's strings count halves of them
  for (const side of ["with", "without"]) fill($(side), letters, found[side]);
  const kinds = [...new Set([...found.with, ...found.without].map((mention) => mention.type))].sort();
  $("legend").replaceChildren(...kinds.map((type) => make("li", { className: kindOf(type), textContent: type })));
  const only = (side) => found[side].filter((mention) => mention.differs).map((m) => `${m.text} (${m.type})`);
  const lines = [["only with knowledge", only("with")], ["only without", only("without")]];
  const told = lines.filter(([, names]) => names.length).map(([title, names]) => `${title}: ${names.join(", ")}`);
  $("differences").textContent = told.length ? `≠ ${told.join("; ")}` : "The same with and without knowledge.";
  $("results").hidden = false;
}

function fill(place, letters, mentions) {
  place.replaceChildren(...marked(letters, mentions, 0, letters.length));
  if (!letters.length) place.textContent = "no text";
}

// The text from start to end with its mentions; those inside another are marked inside it.
function marked(letters, mentions, start, end) {
  const parts = [];
  for (const [number, mention] of mentions.entries()) {
    if (mention.start < start || mention.end > end) continue;
    const inside = mentions.slice(number + 1).filter((each) => each.end <= mention.end);
    parts.push(letters.slice(start, mention.start).join(""));
    parts.push(mark(mention, marked(letters, inside, mention.start, mention.end)));
    start = mention.end;
  }
  return [...parts, letters.slice(start, end).join("")];
}

function mark(mention, parts) {
  const sign = mention.differs ? "≠ " : "";
  const made = make("mark", { className: kindOf(mention.type), tabIndex: 0 }, ...parts);
  made.append(make("small", { textContent: sign + mention.type }));
  made.classList.toggle("differs", mention.differs);
  made.setAttribute("role", "button");
  made.setAttribute("aria-pressed", "false");
  const open = () => showTip(made, mention);
  made.addEventListener("mouseenter", open);
  made.addEventListener("focus", open);
  made.addEventListener("mouseleave", hideTip);
  made.addEventListener("blur", hideTip);
  onPress(made, () => choose(made, mention));
  return made;
}

function onPress(element, action) {
  element.addEventListener("click", (event) => {
    event.stopPropagation(); // to the mention around it
    action();
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      action();
    }
  });
}

const concept = (mention) =>
  mention.id ? `${mention.id} ${mention.name}` : "no concept close enough";

function showTip(element, mention) {
  const tip = $("tip");
  tip.textContent = `${mention.type}, score ${mention.score.toFixed(2)}\n${concept(mention)}`;
  tip.hidden = false;
  const box = element.getBoundingClientRect();
  const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  const above = box.top - tip.offsetHeight - 6;
  tip.style.left = `${Math.max(left, 8)}px`;
  tip.style.top = `${above > 0 ? above : box.bottom + 6}px`;
  element.setAttribute("aria-describedby", "tip");
}

function hideTip() {
  $("tip").hidden = true;
}

async function choose(element, mention) {
  document.querySelectorAll("mark[aria-pressed=true]").forEach((other) => other.setAttribute("aria-pressed", "false"));
  element.setAttribute("aria-pressed", "true");
  $("title-chosen").textContent = `${mention.text} (${mention.type})`;
  const facts = [["Concept", concept(mention) + (mention.semantic_type ? ` (${mention.semantic_type})` : "")]];
  if (mention.ids.length > 1) facts.push(["Also", mention.ids.slice(1).join(", ")]);
  if (mention.alternatives.length) {
    facts.push(["Further", mention.alternatives.map((other) => `${other.id} ${other.name}`).join("; ")]);
  }
  if (mention.surfaces?.length) {
    const names = mention.surfaces.map((surface) => surface.text + (surface.is_read ? " (read)" : ""));
    facts.push(["Names found", names.join(", ")]);
  }
  if (mention.gate != null) facts.push(["Gate", mention.gate.toFixed(2)]);
  $("facts").replaceChildren(
    ...facts.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: value })]),
  );
  $("chosen").hidden = false;
  await showGraph(mention.id);
  $("chosen").scrollIntoView({ block: "nearest" });
}

async function showGraph(id, isFocused = false) {
  drawn = null;
  if (!id || !about.has_graph) {
    const hint = "Start kogner demo with --knowledge FOLDER to see a concept's relations.";
    $("graph").textContent = about.has_graph ? "" : hint;
    return;
  }
  drawn = { id, width: $("graph").clientWidth };
  const wanted = drawn;
  try {
    const { concept, picture } = await ask("/neighbourhood", drawn);
    if (drawn !== wanted) return; // another was asked for since
    if (!concept) $("graph").textContent = `${id} is not in the knowledge folder.`;
    else showPicture(concept, picture);
    if (concept && isFocused) $("graph").firstChild.focus();
  } catch (error) {
    say(error.message, true);
  }
}

// An image: nothing in it can run. What it shows can be walked by the buttons that lie on it.
function showPicture(concept, picture) {
  const address = `data:image/svg+xml,${encodeURIComponent(picture.svg)}`;
  const image = make("img", { src: address, width: picture.width, alt: `What stands around ${concept.name}` });
  const places = picture.places.map((place) => {
    const made = make("button", { type: "button", title: place.label, ariaLabel: place.label });
    made.style.inset = place.inset.map((side) => `${side}%`).join(" ");
    made.addEventListener("click", () => showGraph(place.id, true));
    return made;
  });
  const told = make("p", { className: "quiet", tabIndex: -1, textContent: summary(concept) });
  $("graph").replaceChildren(told, make("div", { className: "picture" }, image, ...places));
}

function summary(concept) {
  const shown = concept.groups.map((group) => {
    return `${group.title} ${group.edges.length < group.total ? `${group.edges.length} of ${group.total}` : group.total}`;
  });
  const forms = concept.forms.length ? ` Written as: ${concept.forms.join(", ")}.` : "";
  return `${concept.name} (${concept.id}): ${shown.length ? shown.join(", ") : "no relations"}.${forms}`;
}

async function start() {
  let later = 0;
  $("form").addEventListener("submit", (event) => { event.preventDefault(); read(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) read();
  });
  document.addEventListener("scroll", hideTip, { passive: true });
  window.addEventListener("resize", () => {
    clearTimeout(later);
    later = setTimeout(() => drawn && drawn.width !== $("graph").clientWidth && showGraph(drawn.id), 200);
  });
  $("example").append(...EXAMPLES.map((text) => make("option", { textContent: text, value: text })));
  $("example").addEventListener("change", () => {
    if (!$("example").value) return;
    $("text").value = $("example").value;
    read();
  });
  $("fill").addEventListener("click", () => {
    const kind = about.semantic_types.includes("Chemical") ? "Chemical" : about.semantic_types[0];
    $("names").value = `id\tname\ttype\nLAB:1\tzorbinib\t${kind}\n`;
    if (!$("text").value) $("text").value = "Zorbinib lowered the fever of mice.";
  });
  try {
    about = await ask("/about", {});
    $("model").textContent = about.title;
    $("kinds").textContent = about.semantic_types.join(", ");
    $("own").hidden = !about.semantic_types.length;
    $("text").maxLength = about.most_characters;
  } catch (error) {
    say(error.message, true);
  }
}

start();
