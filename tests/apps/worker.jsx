/* An app that has a service worker. */

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { useServiceWorker } from "soulwire-client/react";

function Worker({ url }) {
  const { supported, ready, error, permission, requestSync } = useServiceWorker({ url });
  window.requestSync = requestSync;
  return <p id="worker">{JSON.stringify({ supported, ready, failed: error !== null, permission })}</p>;
}

window.begin = (url) => {
  const root = createRoot(document.body.appendChild(document.createElement("main")));
  root.render(
    <StrictMode>
      <Worker url={url} />
    </StrictMode>,
  );
};
