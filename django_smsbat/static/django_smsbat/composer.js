// The composer: shows the inputs of the chosen type, moves rows, and refreshes the phone beside
// the form. All texts and limits come from the server.
"use strict";
{
  const WAIT = 350; // milliseconds after the last key

  const form = () => document.getElementById("campaign_form") ?? document.querySelector("[data-smsbat-composer]");
  const chosen = () => form().elements.type?.value ?? "";

  function isFor(node, value) {
    return node.split(" ").includes(value);
  }

  // Hide fields that the type does not use, with their labels; the server drops their values too.
  function showFields() {
    const type = chosen();
    for (const node of form().querySelectorAll("[data-smsbat-for]")) {
      const row = node.closest(".smsbat-type") ?? node.closest(".form-row");
      row.hidden = !isFor(node.dataset.smsbatFor, type);
    }
    const composer = form().querySelector(".smsbat-composer");
    if (composer) {
      composer.closest(".form-row").hidden = ![...composer.querySelectorAll(".smsbat-type")].some((one) => !one.hidden);
    }
    for (const node of form().querySelectorAll("[data-smsbat-only-for]")) {
      const select = deciding(node);
      node.hidden = Boolean(select) && !isFor(node.dataset.smsbatOnlyFor, select.value);
    }
  }

  // The select that controls a dependent input: in the same row, or of the same type.
  function deciding(node) {
    const row = node.closest(".smsbat-row");
    return (row ?? node.closest(".smsbat-type")).querySelector(":scope > .smsbat-input > select");
  }

  const listOf = (rows) => rows.querySelector(":scope > .smsbat-row-list");
  const rowsIn = (rows) => [...listOf(rows).querySelectorAll(":scope > .smsbat-row")];

  function countRows(rows) {
    const there = rowsIn(rows);
    rows.querySelector(":scope > [data-smsbat-add]").hidden = there.length >= Number(rows.dataset.most);
    for (const row of there) {
      const tools = row.querySelector(":scope > .smsbat-row-tools");
      tools.hidden = false;
      tools.querySelector("[data-smsbat-remove]").hidden = there.length <= Number(rows.dataset.least);
    }
  }

  function addRow(rows) {
    const place = String(Number(rows.dataset.next ?? rowsIn(rows).length));
    rows.dataset.next = String(Number(place) + 1);
    const blank = document.createElement("template");
    blank.innerHTML = rows.querySelector(":scope > template").innerHTML.replaceAll(rows.dataset.token, place);
    const row = blank.content.firstElementChild;
    listOf(rows).append(row);
    row.querySelectorAll("[data-smsbat-rows]").forEach(countRows);
    countRows(rows);
    showFields();
    row.querySelector("input, select").focus();
  }

  function press(event) {
    const button = event.target.closest("button");
    const rows = button?.closest("[data-smsbat-rows]");
    if (!rows) {
      return;
    }
    const row = button.closest(".smsbat-row");
    if (button.matches("[data-smsbat-add]")) {
      addRow(rows);
    } else if (button.matches("[data-smsbat-remove]")) {
      row.remove();
      countRows(rows);
    } else if (button.matches("[data-smsbat-up]")) {
      row.previousElementSibling?.before(row);
      button.focus();
    } else if (button.matches("[data-smsbat-down]")) {
      row.nextElementSibling?.after(row);
      button.focus();
    }
    renewSoon();
  }

  let timer = 0;
  let asked = 0;

  function renewSoon() {
    clearTimeout(timer);
    timer = setTimeout(renew, WAIT);
  }

  async function renew() {
    const phone = document.getElementById("smsbat-phone");
    const own = ++asked;
    const typed = new FormData(form());
    try {
      const answer = await fetch(phone.dataset.url, { method: "POST", body: typed, credentials: "same-origin" });
      if (answer.ok && own === asked) {
        phone.innerHTML = await answer.text();
      }
    } catch {
      // The server is unreachable: keep the last preview. No typed text is lost.
    }
  }

  function begin() {
    if (!form() || !document.getElementById("smsbat-phone")) {
      return;
    }
    const isAnswer = form().hasAttribute("data-smsbat-composer");
    if (!isAnswer && !form().elements.type) {
      return; // what was launched cannot be changed
    }
    form().addEventListener("input", renewSoon);
    if (isAnswer) {
      return; // it has its words alone
    }
    form().querySelectorAll(".smsbat-row-list > noscript").forEach((spare) => spare.remove());
    form().querySelectorAll("[data-smsbat-rows]").forEach(countRows);
    showFields();
    form().addEventListener("click", press);
    form().addEventListener("change", () => { showFields(); renewSoon(); });
    renew();
  }

  window.addEventListener("load", begin);
}
