// Refreshes parts of a page during a running job, and submits forms automatically.
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
          // A new state has other buttons: reload the page, unless the user has typed into it.
          if (stateOf(part) !== before && !isTyped) {
            window.location.reload();
            return;
          }
        }
      } catch {
        // The server is unreachable: keep the last numbers.
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
