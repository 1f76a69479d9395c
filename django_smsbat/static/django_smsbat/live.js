// Parts of a page that renew themselves while something goes on, and forms that send themselves.
"use strict";
{
  const stateOf = (part) => part.querySelector("[data-smsbat-state]")?.dataset.smsbatState;
  let isTyped = false;
  document.addEventListener("input", () => { isTyped = true; });

  async function renew(part) {
    if (!document.hidden) {
      try {
        const answer = await fetch(part.dataset.smsbatLive, { credentials: "same-origin" });
        if (answer.ok && !answer.redirected) {
          const before = stateOf(part);
          part.innerHTML = await answer.text();
          // Another state has other buttons: the page is told anew, unless somebody types in it.
          if (stateOf(part) !== before && !isTyped) {
            window.location.reload();
            return;
          }
        }
      } catch {
        // The server is away for a moment: the last numbers stay.
      }
    }
    const goesOn = document.querySelector("[data-smsbat-live] [data-is-live]");
    if (goesOn) {
      setTimeout(renew, Number(part.dataset.every) * 1000, part);
    }
  }

  async function sendByItself(form) {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "manual" });
    if (answer.type === "opaqueredirect") {
      form.remove();
    }
  }

  window.addEventListener("load", () => {
    for (const part of document.querySelectorAll("[data-smsbat-live][data-is-live]")) {
      setTimeout(renew, Number(part.dataset.every) * 1000, part);
    }
    document.querySelectorAll("[data-smsbat-send-by-itself]").forEach(sendByItself);
  });
}
