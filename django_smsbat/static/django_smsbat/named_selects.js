// Django's searching selects say nothing to a screen reader: they get the words of their label.
"use strict";
// Through its queue, where Django's own turn comes first.
window.addEventListener("load", () => django.jQuery(() => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const words = document.querySelector(`label[for="${select.id}"]`)?.textContent.trim();
    for (const part of select.parentElement.querySelectorAll(".select2-selection, .select2-selection__rendered")) {
      part.removeAttribute("aria-labelledby");
      part.setAttribute("aria-label", words);
    }
  }
}));
