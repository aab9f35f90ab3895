/* The hook over the browser's service worker; React as in react.js. */

import { useCallback, useEffect, useState } from "react";
import * as background from "./background.js";

/** Registers the worker and says what may be asked of it. */
export function useServiceWorker({ url } = {}) {
  const supported = typeof navigator !== "undefined" && "serviceWorker" in navigator;
  const [registration, setRegistration] = useState(null);
  const [error, setError] = useState(null);
  const [permission, setPermission] = useState(() => globalThis.Notification?.permission ?? "unsupported");

  useEffect(() => {
    let here = true;
    const found = (done) => (value) => here && done(value);
    if (supported) background.register(url).then(found(setRegistration), found(setError));
    const unwatch = watchPermission(found(setPermission));
    return () => {
      here = false;
      unwatch();
    };
  }, [supported, url]);

  const requestSync = useCallback(() => background.requestSync(registration), [registration]);
  const requestPermission = useCallback(async () => {
    const said = (await globalThis.Notification?.requestPermission()) ?? "unsupported";
    setPermission(said);
    return said;
  }, []);
  return { supported, ready: registration !== null, registration, error, permission, requestSync, requestPermission };
}

/** The user may change it in the browser's own settings. */
function watchPermission(tell) {
  let status = null;
  let over = false;
  const changed = () => tell(globalThis.Notification?.permission ?? "unsupported");
  const watch = (found) => {
    if (over) return;
    status = found;
    status.addEventListener("change", changed);
  };
  globalThis.navigator?.permissions?.query({ name: "notifications" }).then(watch, () => {});
  return () => {
    over = true;
    status?.removeEventListener("change", changed);
  };
}
