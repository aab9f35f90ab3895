/* The worker behind a page, and the notice that a newer version of both is here. */

import * as background from "/client/background.js";

/** The registration, or null. */
export async function register() {
  const registration = await background.register();
  if (registration) background.onUpdate(registration, offer);
  return registration;
}

function offer(activate) {
  document.getElementById("update").hidden = false;
  document.getElementById("activate").onclick = activate;
}
