"use strict";
// Everything that comes from a text, a list or the graph enters the page as text, never as markup.

const EXAMPLES = [
  "Imatinib inhibits KIT in patients with gastrointestinal stromal tumours. Two of nine patients with Parkinson's " +
    "disease (PD) who took selegiline fainted; in mice, the loss of Th in dopaminergic neurons had the same effect.",
  "Cisplatin killed HeLa cells, but not cells that carry a mutation of TP53.",
  "Cardiac sympathetic denervation in familial amyloid polyneuropathy was slowed by tafamidis.",
  "Patients with acute lymphoblastic leukemia (ALL) received methotrexate; ALL relapsed in three, and two had mucositis.",
];
const FILES = { // downloads: name of the button, of the file, and the media type
  tsv: ["TSV", "mentions.tsv", "text/tab-separated-values"],
  json: ["JSON", "mentions.json", "application/json"],
  brat: ["BRAT (.ann)", "text.ann", "text/plain"],
  text: ["Text of BRAT", "text.txt", "text/plain"],
  pubtator: ["PubTator", "mentions.pubtator", "text/plain"],
  html: ["HTML", "mentions.html", "text/html"],
};
const KINDS = 10; // colours of page.css
const $ = (id) => document.getElementById(id);
let about = { types: [] };
let asked = 0; // readings so far; an answer to an older one is not shown
let tipped = null; // the mention whose tip is shown
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
  const number = ++asked;
  hideTip();
  $("main").setAttribute("aria-busy", "true");
  say("Reading …");
  try {
    const found = await ask("/read", {
      text: $("text").value, names: $("names").value, types: chosenTypes(), convention: $("convention").value,
      vocabulary: $("vocabulary").value,
    });
    if (number !== asked) return;
    $("chosen").hidden = true;
    show(found);
    const linked = found.with.filter((mention) => mention.id).length;
    const added = found.added;
    const names = added ? ` In use: new concepts ${added.concepts}, written forms ${added.forms}.` : "";
    say(`Mentions: ${found.with.length}, with a concept: ${linked}.${names}`);
  } catch (error) {
    if (number === asked) say(error.message, true);
  }
  if (number === asked) $("main").setAttribute("aria-busy", "false");
}

// All types together are no choice: the model then finds what it finds.
function chosenTypes() {
  const boxes = [...document.querySelectorAll("#types input")];
  const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
  return chosen.length === boxes.length ? null : chosen;
}

function show(found) {
  const letters = Array.from(found.text); // offsets count characters, JavaScript's strings count halves of them
  for (const side of ["with", "without"]) fill($(side), letters, found[side]);
  const kinds = about.types.filter((type) => found.with.some((mention) => mention.type === type));
  const count = (type) => found.with.filter((mention) => mention.type === type).length;
  $("legend").replaceChildren(
    ...kinds.map((type) => make("li", { className: kindOf(type), textContent: `${type} ${count(type)}` })),
  );
  const only = (side) => [...new Set(found[side].filter((m) => m.differs).map((m) => `${m.text} (${m.type})`))];
  const lines = [["only with knowledge", only("with")], ["only without", only("without")]];
  const told = lines.filter(([, names]) => names.length).map(([title, names]) => `${title}: ${names.join(", ")}`);
  $("differences").textContent = told.length ? `≠ ${told.join("; ")}` : "the same mentions";
  $("exports").replaceChildren(...Object.entries(FILES).map(([form, file]) => exportButton(found.exports[form], ...file)));
  $("results").hidden = false;
}

function exportButton(content, title, name, type) {
  const made = make("button", { type: "button", textContent: title });
  made.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([content], { type }));
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
  return made;
}

async function readFile(file) {
  const most = about.most_characters;
  const text = file.size > 4 * most ? null : await file.text();
  if (text === null || Array.from(text).length > most) {
    say(`${file.name} is too long: the page takes ${most} characters; use kogner annotate.`, true);
  } else if (text.includes("\0") || text.includes("\ufffd")) {
    say(`${file.name} is not plain text in UTF-8; kogner annotate reads other formats.`, true);
  } else {
    $("text").value = text;
    await read();
  }
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

// What a mention's label says and opens; the mark around it may hold others, so it is no button itself.
function mark(mention, parts) {
  const sign = mention.differs ? "≠ " : "";
  const made = make("mark", { className: kindOf(mention.type) }, ...parts);
  const label = make("small", { textContent: sign + mention.type, tabIndex: 0 });
  made.append(label);
  made.classList.toggle("differs", mention.differs);
  label.setAttribute("role", "button");
  label.setAttribute("aria-pressed", "false");
  label.setAttribute("aria-label", `${sign}${mention.type}: ${mention.text}`);
  const open = () => showTip(label, mention);
  made.addEventListener("mouseenter", open);
  label.addEventListener("focus", open);
  made.addEventListener("mouseleave", hideTip);
  label.addEventListener("blur", hideTip);
  onPress(made, () => choose(label, mention));
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

function linked(id) {
  const vocabulary = /^rs\d+$/.test(id) ? "dbSNP" : id.split(":")[0];
  const page = about.pages[vocabulary];
  if (!page) return id;
  const number = encodeURIComponent(id.slice(id.lastIndexOf(":") + 1));
  const href = page.replace("{vocabulary}", vocabulary).replace("{number}", number);
  return make("a", { href, textContent: id, target: "_blank", rel: "noopener noreferrer" });
}

const list = (items) => items.flatMap((item, place) => (place ? ["; ", ...[item].flat()] : [item].flat()));

function showTip(element, mention) {
  const tip = $("tip");
  tip.textContent = `${mention.type}, score ${mention.score.toFixed(2)}\n${concept(mention)}`;
  tip.hidden = false;
  tipped = element;
  placeTip();
  element.setAttribute("aria-describedby", "tip");
}

function placeTip() {
  const tip = $("tip");
  const box = tipped.getBoundingClientRect();
  const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  const above = box.top - tip.offsetHeight - 6;
  tip.style.left = `${Math.max(left, 8)}px`;
  tip.style.top = `${above > 0 ? above : box.bottom + 6}px`;
}

function hideTip() {
  tipped = null;
  $("tip").hidden = true;
}

async function choose(element, mention) {
  document.querySelectorAll("mark > [aria-pressed=true]").forEach((other) => other.setAttribute("aria-pressed", "false"));
  element.setAttribute("aria-pressed", "true");
  $("title-chosen").textContent = `${mention.text} (${mention.type})`;
  const kind = mention.semantic_type ? ` (${mention.semantic_type})` : "";
  const facts = [["Concept", mention.id ? [list(mention.id.split("|").map(linked)), ` ${mention.name}${kind}`] : concept(mention)]];
  if (mention.organism) facts.push(["Organism", mention.organism]);
  if (mention.link_score != null) facts.push(["Link score", mention.link_score.toFixed(2)]);
  if (mention.why?.length) facts.push(["Why", mention.why.join("; ")]);
  if (mention.ids.length > 1) facts.push(["Also", list(mention.ids.slice(1).map(linked))]);
  if (mention.alternatives.length) {
    const further = mention.alternatives.map((other) => {
      const score = other.score == null ? "" : ` ${other.score.toFixed(2)}`;
      return [linked(other.id), ` ${other.name}${other.organism ? ` (${other.organism})` : ""}${score}`];
    });
    facts.push(["Further", list(further)]);
  }
  if (mention.surfaces?.length) {
    const names = mention.surfaces.map((surface) => surface.text + (surface.is_read ? " (read)" : ""));
    facts.push(["Names found", names.join(", ")]);
  }
  if (mention.gate != null) facts.push(["Gate", mention.gate.toFixed(2)]);
  $("facts").replaceChildren(
    ...facts.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", {}, ...[value].flat(3))]),
  );
  $("chosen").hidden = false;
  await (about.has_graph ? showGraph(mention.id && mention.id.split("|")[0]) : showRelated(mention.id));
  $("chosen").scrollIntoView({ block: "nearest" });
}

async function showGraph(id, isFocused = false) {
  drawn = null;
  if (!id) {
    $("graph").textContent = "";
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

// Without a knowledge folder: what the model's own tables tell.
async function showRelated(ids) {
  const text = "Start kogner demo with --knowledge FOLDER to see all relations of a concept.";
  const hint = make("p", { className: "quiet", textContent: text });
  $("graph").replaceChildren(hint);
  if (!ids) return;
  try {
    const { groups } = await ask("/related", { id: ids });
    if (!hint.isConnected) return; // another was chosen since
    const facts = groups.flatMap(({ title, total, concepts }) => {
      const items = concepts.map((each) => [linked(each.id), ` ${each.name}${each.organism ? ` (${each.organism})` : ""}`]);
      if (total > items.length) items.push(`${total - items.length} more`);
      return [make("dt", { textContent: title }), make("dd", {}, ...list(items))];
    });
    if (facts.length) hint.before(make("dl", {}, ...facts));
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

function listen() {
  let later = 0;
  $("form").addEventListener("submit", (event) => { event.preventDefault(); read(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) read();
  });
  // Focus scrolls to a mention and opens its tip, which then goes along; that of the mouse would lose its mention.
  document.addEventListener("scroll", () => (tipped === document.activeElement ? placeTip() : hideTip()), { passive: true });
  window.addEventListener("resize", () => {
    clearTimeout(later);
    later = setTimeout(() => drawn && drawn.width !== $("graph").clientWidth && showGraph(drawn.id), 200);
  });
  $("example").addEventListener("change", () => {
    if (!$("example").value) return;
    $("text").value = $("example").value;
    read();
  });
  $("options").addEventListener("change", read);
  $("fill").addEventListener("click", () => {
    const kind = about.semantic_types.includes("Chemical") ? "Chemical" : about.semantic_types[0];
    $("names").value = `id\tname\ttype\nLAB:1\tzorbinib\t${kind}\n`;
    if (!$("text").value) $("text").value = "Zorbinib lowered the fever of mice.";
  });
}

function listenToFiles() {
  const hasFiles = (event) => [...event.dataTransfer.types].includes("Files");
  $("open").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => {
    if ($("file").files.length) readFile($("file").files[0]);
    $("file").value = ""; // the same file may be chosen again
  });
  for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault(); // else the browser leaves the page for the file
      document.body.classList.toggle("dragging", name.startsWith("dragen") || name === "dragover");
      if (name === "drop") readFile(event.dataTransfer.files[0]);
    });
  }
}

function offer() {
  const option = (text) => make("option", { textContent: text, value: text });
  $("example").append(...EXAMPLES.map(option));
  $("types").append(
    ...about.types.map((type) => {
      const box = make("input", { type: "checkbox", checked: true, value: type });
      return make("label", {}, box, ` ${type}`);
    }),
  );
  for (const name of ["convention", "vocabulary"]) {
    const values = about[{ convention: "conventions", vocabulary: "vocabularies" }[name]];
    $(name).append(...values.map(option));
    $(name).parentElement.hidden = !values.length;
  }
  $("model").textContent = about.title;
  $("kinds").textContent = about.semantic_types.join(", ");
  $("own").hidden = !about.semantic_types.length;
}

async function start() {
  listen();
  listenToFiles();
  try {
    about = await ask("/about", {});
    offer();
    if (!$("text").value) $("text").value = EXAMPLES[0];
    await read();
  } catch (error) {
    say(error.message, true);
  }
}

start();
