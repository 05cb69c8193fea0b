// Pages work without this file. It adds a button that copies an id, and it closes the menus.
"use strict";
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const said = button.querySelector("[data-said]");
    said.textContent = button.dataset.done;
    button.querySelector("use").setAttribute("href", button.dataset.icon);
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.languages[open]")) menu.open = false;
  if (location.hash === "#menu") location.hash = "#main";
});
// The fingerprints of chosen photos; the photos themselves are not sent.
for (const chooser of document.querySelectorAll("input[data-hashes]")) {
  chooser.addEventListener("change", async () => {
    const told = [];
    for (const file of chooser.files) {
      const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
      told.push(Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(""));
    }
    document.getElementById(chooser.dataset.hashes).value = told.join(" ");
  });
}
