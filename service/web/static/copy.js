// Buttons that copy a command. Without this file the page lacks nothing else.
"use strict";

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copies);
    const told = await copy(source);
    button.textContent = told;
    document.getElementById("copied").textContent = told;
  });
}

async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    return "Copied";
  } catch {
    // Browsers give no clipboard to pages that came over plain HTTP.
    getSelection().selectAllChildren(source);
    return "Selected";
  }
}
