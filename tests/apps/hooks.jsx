/* An app that uses every hook, in strict mode; the test switches it on and off, and reads what it shows. */

import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import {
  SoulwireProvider,
  useAllStreamsProgress,
  useConnectionHeartbeat,
  useRealtimeNotifications,
  useServerSentEvents,
  useServiceWorker,
  useStreamProgress,
  useWebSocket,
} from "soulwire-client/react";

const told = { sse: [], socket: [], reloads: [] };

function Stream() {
  const onReload = (reason) => told.reloads.push(reason);
  const { connected, lastEvent } = useServerSentEvents("ada", { onEvent: (event) => told.sse.push(event), onReload });
  return <p id="stream">{JSON.stringify({ connected, last: lastEvent?.offset ?? null })}</p>;
}

function Socket() {
  const [renders, setRenders] = useState(0);
  const { status, send, lastEvent } = useWebSocket({ onEvent: (event) => told.socket.push({ ...event, renders }) });
  window.rerender = () => setRenders((before) => before + 1);
  window.send = send;
  return <p id="socket">{JSON.stringify({ status, last: lastEvent?.offset ?? null })}</p>;
}

function Heartbeat() {
  const { isAlive, transport, heardAt } = useConnectionHeartbeat();
  return <p id="heartbeat">{JSON.stringify({ isAlive, transport, heard: heardAt !== null })}</p>;
}

function Notifications() {
  const { notifications, unreadCount, markAsRead, markAllAsRead, dismiss } = useRealtimeNotifications();
  Object.assign(window, { markAsRead, markAllAsRead, dismiss });
  const shown = notifications.map(({ id, title, read }) => ({ id, title, read }));
  return <p id="notifications">{JSON.stringify({ shown, unreadCount })}</p>;
}

function Progress({ id }) {
  const one = useStreamProgress(id);
  const { streams } = useAllStreamsProgress();
  return <p id="progress">{JSON.stringify({ one, streams })}</p>;
}

function Worker() {
  const { supported, ready, permission, requestSync } = useServiceWorker();
  window.requestSync = requestSync;
  return <p id="worker">{JSON.stringify({ supported, ready, permission })}</p>;
}

function App({ stream, worker }) {
  const [shown, show] = useState(true);
  window.show = show;
  if (!shown) return <p id="nothing" />;
  return (
    <>
      <Stream />
      <Socket />
      <Heartbeat />
      <Notifications />
      <Progress id={stream} />
      {worker && <Worker />}
    </>
  );
}

window.told = told;
window.begin = ({ stream, worker, ...options }) => {
  const root = createRoot(document.body.appendChild(document.createElement("main")));
  const getToken = (asked) => window.freshToken(asked.why);
  window.end = () => root.unmount();
  root.render(
    <StrictMode>
      <SoulwireProvider {...options} getToken={getToken}>
        <App stream={stream} worker={worker} />
      </SoulwireProvider>
    </StrictMode>,
  );
};
