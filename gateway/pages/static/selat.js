// Pages work without this file. It adds a button that copies an id, and it closes the menus.
"use strict";
function showCopying(part) {
  for (const button of part.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      const said = button.querySelector("[data-said]");
      said.textContent = button.dataset.done;
      button.querySelector("use").setAttribute("href", button.dataset.icon);
    });
  }
}
showCopying(document);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.languages[open]")) menu.open = false;
  if (location.hash === "#menu") location.hash = "#main";
});
// What changes by itself is asked for again while somebody looks at it.
for (const part of document.querySelectorAll("[data-live]")) watch(part.id, 1000 * part.dataset.live);
function watch(id, pause) {
  setTimeout(async () => {
    const part = document.getElementById(id);
    if (!document.hidden && !part.contains(document.activeElement)) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
        if (answer.ok && fresh) {
          showCopying(fresh);
          if (fresh.innerHTML !== part.innerHTML) part.replaceWith(document.adoptNode(fresh));
          if (!fresh.dataset.live) return;
        }
      } catch {
        // The next time may go better.
      }
    }
    watch(id, pause);
  }, pause);
}
// Photos are made smaller before they are sent, so that a telephone sends them soon; as they are, they are taken too.
for (const chooser of document.querySelectorAll("input[data-side]")) {
  chooser.addEventListener("change", async () => {
    const chosen = new DataTransfer();
    chooser.ariaBusy = "true";
    for (const file of Array.from(chooser.files)) chosen.items.add(await smaller(file, Number(chooser.dataset.side)));
    chooser.files = chosen.files;
    chooser.ariaBusy = "false";
  });
}
async function smaller(file, side) {
  try {
    const picture = await createImageBitmap(file);
    const factor = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * factor);
    canvas.height = Math.round(picture.height * factor);
    const drawing = canvas.getContext("2d");
    drawing.fillStyle = "white";
    drawing.fillRect(0, 0, canvas.width, canvas.height);
    drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return made.size < file.size ? new File([made], "photo.jpg", { type: made.type }) : file;
  } catch {
    return file;
  }
}
