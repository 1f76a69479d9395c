// Draws the phones from /phones once a second. Everything from outside is set as text, never as HTML.
"use strict";

const FAILURES = ["rejected", "undeliverable", "expired", "permanenterror"];
const REFRESH_MS = 1000;
const drawn = new Map();

const element = (tag, className, text) => {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

const host = (url) => {
  try { return new URL(url).hostname; } catch { return String(url); }
};

const pictures = (data) => [
  data.img && `image from ${host(data.img)}`,
  data.video && `video, ${data.duration} s, from ${host(data.video)}`,
  data.fileUrl && `file ${data.fileName}`,
  data.media && `${data.media.type} from ${host(data.media.url)}`,
].filter(Boolean);

const cards = (data) => [
  ...((data.carousel || {}).items || []).map((item) => ({
    title: item.title, picture: item.imageUrl,
    buttons: [item.primaryButton, item.secondaryButton].filter(Boolean).map((b) => b.label || b.text),
  })),
  ...((data.carousel || {}).cards || []).map((card) => ({
    title: `${card.title}\n${card.description || ""}`.trim(), picture: (card.media || {}).url,
    buttons: (card.buttons || []).map((b) => b.text),
  })),
];

const pressables = (data) => [
  data.buttonText,
  ...((data.survey || {}).options || []),
  ...(data.buttons || []).map((button) => button.text),
].filter(Boolean);

const words = (bubble) => {
  const data = bubble.data || {};
  if (data.templateParams) return `Your code is ${data.templateParams.pin}`;
  if (bubble.kind === "flashcall") return `Missed call ${data.callerId || ""}`.trim();
  return bubble.text;
};

const drawBubble = (bubble) => {
  const failed = FAILURES.includes(bubble.status);
  const state = bubble.kind === "reply" || bubble.arrived ? "" : failed ? "failed" : "pending";
  const item = element("li", `bubble ${bubble.kind} ${state}`);
  const data = bubble.data || {};
  if (bubble.from) item.append(element("span", "sender", `${bubble.from}\n`));
  pictures(data).forEach((text) => item.append(element("span", "picture", text)));
  item.append(element("span", "words", words(bubble)));
  cards(data).forEach((card) => {
    item.append(element("span", "picture", card.picture ? `image from ${host(card.picture)}` : "card"));
    item.append(element("span", "words", card.title));
    card.buttons.forEach((text) => item.append(element("span", "pressable", text)));
  });
  pressables(data).forEach((text) => item.append(element("span", "pressable", text)));
  if (bubble.status) item.append(element("span", "fate", `${bubble.kind} · ${bubble.status}`));
  return item;
};

const reply = async (phone, form) => {
  const outcome = form.querySelector(".outcome");
  const answer = await fetch(`/phones/${encodeURIComponent(phone)}/reply`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text: form.elements.text.value }),
  });
  const told = await answer.json();
  outcome.textContent = told.detail || (told.taken ? "The site has it." : "The site did not take it.");
  if (answer.ok) form.elements.text.value = "";
  await refresh();
};

const place = (phone) => {
  if (drawn.has(phone)) return drawn.get(phone);
  const made = document.getElementById("phone").content.cloneNode(true).firstElementChild;
  made.querySelector("h2").textContent = phone;
  made.querySelector("input").setAttribute("aria-label", `Write back from ${phone}`);
  const form = made.querySelector("form");
  form.addEventListener("submit", (event) => { event.preventDefault(); reply(phone, form); });
  drawn.set(phone, made);
  return made;
};

const draw = (shown) => {
  document.getElementById("total").textContent =
    shown.total ? `${shown.total} phones, the latest first` : "No messages yet.";
  const wanted = shown.phones.map(({ phone, bubbles }) => {
    const made = place(phone);
    const signature = JSON.stringify(bubbles);
    if (made.dataset.signature !== signature) {
      made.dataset.signature = signature;
      made.querySelector(".bubbles").replaceChildren(...bubbles.map(drawBubble));
    }
    return made;
  });
  const main = document.getElementById("phones");
  const same = wanted.length === main.children.length && wanted.every((made, n) => main.children[n] === made);
  if (!same) main.replaceChildren(...wanted);
};

const refresh = async () => {
  const digits = document.getElementById("digits").value;
  const answer = await fetch(`/phones?search=${encodeURIComponent(digits)}`);
  draw(await answer.json());
};

const keepRefreshing = async () => {
  try {
    await refresh();
  } catch {
    document.getElementById("total").textContent = "The sandbox has stopped.";
  }
  setTimeout(keepRefreshing, REFRESH_MS);
};

document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("digits").addEventListener("input", () => refresh());
keepRefreshing();
