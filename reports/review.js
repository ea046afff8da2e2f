"use strict";
// Comparing answers. Texts reach the page as text only; ratings are only ever added, never changed.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const slot = "finetune-harness-review-" + data.packet;
  const state = { place: 0, rater: "", ratings: [], since: 0, marks: false };

  const kept = () => {
    try { return JSON.parse(localStorage.getItem(slot) || "{}"); } catch { return {}; }
  };
  const keep = () => {
    try {
      localStorage.setItem(slot, JSON.stringify({ rater: state.rater, ratings: state.ratings, place: state.place }));
      return true;
    } catch { return false; }
  };
  const word = (key) => [...state.ratings].reverse().find((rating) => rating.card === key && rating.rater === state.rater);
  const rated = () => new Set(state.ratings.filter((r) => r.rater === state.rater).map((r) => r.card)).size;

  const tell = (text, failed) => {
    at("state").textContent = text;
    at("state").classList.toggle("failed", Boolean(failed));
  };

  const put = (element, text, other) => {
    element.replaceChildren();
    if (!state.marks) { element.textContent = text; return; }
    const known = new Set(other.split(/(\s+)/));
    for (const piece of text.split(/(\s+)/)) {
      const differs = piece.trim() && !known.has(piece);
      const part = document.createElement(differs ? "mark" : "span");
      part.textContent = piece;
      element.append(part);
    }
  };

  const show = () => {
    const card = data.cards[state.place];
    at("question").textContent = card.question;
    put(at("left"), card.left, card.right);
    put(at("right"), card.right, card.left);
    const said = word(card.key);
    for (const button of document.querySelectorAll("[data-choice]"))
      button.setAttribute("aria-pressed", String(Boolean(said) && said.choice === button.dataset.choice));
    at("note").value = said ? said.note : "";
    at("count").textContent = String(rated());
    at("bar").value = rated();
    at("place").textContent = "Card " + (state.place + 1) + " of " + data.cards.length;
    at("differ").setAttribute("aria-pressed", String(state.marks));
    const all = rated() === data.cards.length;
    at("done").hidden = !all;
    at("save").hidden = Boolean(data.token) || rated() === 0;
    at("kept").textContent = data.token ? "Everything was sent; you can close this page." : "Save your ratings and send the file back.";
    state.since = performance.now();
  };

  const send = async (rating) => {
    if (!data.token) return;
    try {
      const reply = await fetch("ratings", {
        method: "POST", headers: { "Content-Type": "application/json", "X-Review-Token": data.token },
        body: JSON.stringify(rating),
      });
      if (!reply.ok) throw new Error(await reply.text());
      tell("Sent.");
    } catch (error) {
      tell("Not sent (" + error.message + "); it is kept in this browser.", true);
      at("save").hidden = false;
    }
  };

  const rate = (choice) => {
    const card = data.cards[state.place];
    const rating = {
      packet: data.packet, card: card.key, choice, rater: state.rater, note: at("note").value,
      seconds: Math.round((performance.now() - state.since) / 100) / 10, at: new Date().toISOString(),
    };
    state.ratings.push(rating);
    const open = data.cards.findIndex((each, place) => place > state.place && !word(each.key));
    if (open >= 0) state.place = open;
    if (!keep()) tell("This browser keeps nothing; save the file before you close the page.", true);
    show();
    send(rating);
  };

  const move = (step) => {
    state.place = Math.min(data.cards.length - 1, Math.max(0, state.place + step));
    keep();
    show();
  };

  const undo = () => {
    const last = state.ratings.filter((rating) => rating.rater === state.rater).pop();
    if (!last) return;
    state.place = data.cards.findIndex((card) => card.key === last.card);
    show();
    tell("Choose again: your last word counts.");
  };

  const save = () => {
    const text = state.ratings.map((rating) => JSON.stringify(rating) + "\n").join("");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
    link.download = "ratings-" + data.packet + ".jsonl";
    link.click();
    URL.revokeObjectURL(link.href);
  };

  const begin = (name) => {
    state.rater = name.trim();
    if (!state.rater) return;
    at("who").hidden = true;
    at("work").hidden = false;
    const open = data.cards.findIndex((card) => !word(card.key));
    state.place = open >= 0 ? open : 0;
    keep();
    show();
    at("work").querySelector("[data-choice]").focus();
  };

  const keys = {
    "1": () => rate("left"), "2": () => rate("right"), "3": () => rate("tie_good"), "4": () => rate("tie_bad"),
    "5": () => rate("unsure"), "ArrowLeft": () => move(-1), "ArrowRight": () => move(1), "u": undo,
    "n": () => at("note").focus(), "d": () => { state.marks = !state.marks; show(); },
  };
  document.addEventListener("keydown", (event) => {
    if (at("work").hidden || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.tagName === "TEXTAREA") { if (event.key === "Escape") event.target.blur(); return; }
    if (event.target.tagName === "INPUT" || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  for (const button of document.querySelectorAll("[data-choice]"))
    button.addEventListener("click", () => rate(button.dataset.choice));
  at("back").addEventListener("click", () => move(-1));
  at("next").addEventListener("click", () => move(1));
  at("undo").addEventListener("click", undo);
  at("differ").addEventListener("click", keys.d);
  at("save").addEventListener("click", save);
  at("who").addEventListener("submit", (event) => { event.preventDefault(); begin(at("rater").value); });

  const before = kept();
  state.ratings = Array.isArray(before.ratings) ? before.ratings : [];
  if (before.rater) at("rater").value = before.rater;
  at("rater").focus();
})();
