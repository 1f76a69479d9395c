// Django's autocomplete selects have no accessible name: give them the text of their label.
"use strict";
// Use jQuery's ready queue, so that Django's own code runs first.
window.addEventListener("load", () => django.jQuery(() => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const words = document.querySelector(`label[for="${select.id}"]`)?.textContent.trim();
    for (const part of select.parentElement.querySelectorAll(".select2-selection, .select2-selection__rendered")) {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", words);
    }
  }
}));
